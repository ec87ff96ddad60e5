"""The daily reconciliation in a served node: which node does it, and what a restart remembers."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import msgspec

from meganodes.bootstrap.node_number import NodeNumber
from meganodes.bootstrap.wiring import Office
from meganodes.directory.reconciliations import Reconciliations
from meganodes.directory.records import SYSTEM
from meganodes.domain.reconciliation import DayResult
from meganodes.hub.core import Hub
from meganodes.hub.daily_reconciliation import DailyPorts, DailyReconciliation, DailySettings
from meganodes.kit.logging import get_logger

log = get_logger("bootstrap.daily_run")


def daily_run(
    office: Office, hub: Hub, number: NodeNumber | None, file: Path
) -> DailyReconciliation | None:
    """Make the run from the settings; None when it is switched off."""
    given = office.settings.reconciliation
    if not given.daily:
        return None

    async def is_ours() -> bool:
        return number is None or await number.is_lowest()

    reconciliations = Reconciliations(office.staff)
    ports = DailyPorts(
        hub=hub,
        note=lambda agent_id, result: reconciliations.note(agent_id, SYSTEM, result),
        is_ours=is_ours,
        keep=partial(keep, file),
    )
    settings = DailySettings(at_hour=given.at_hour, statuses_max=given.statuses_max)
    return DailyReconciliation(ports, settings, kept(file))


def kept(file: Path) -> tuple[DayResult, ...]:
    """Read what was found before; a file that cannot be read means that all is compared anew."""
    try:
        return msgspec.json.decode(file.read_bytes(), type=tuple[DayResult, ...])
    except FileNotFoundError:
        return ()
    except (OSError, msgspec.MsgspecError) as fault:
        log.warning("reconciliations_not_remembered", file=str(file), fault=repr(fault))
        return ()


def keep(file: Path, results: tuple[DayResult, ...]) -> None:
    """Write what was found, whole or not at all; a full disk costs comparing once more."""
    part = file.with_name(file.name + ".part")
    try:
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as written:
            written.write(msgspec.json.encode(results))
        part.replace(file)
    except OSError as fault:
        log.warning("reconciliations_not_written", file=str(file), fault=repr(fault))
