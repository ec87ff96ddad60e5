"""The daily reconciliation in a served node: which node does it, and what a restart remembers."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from meganodes.bootstrap.node_number import NodeNumber
from meganodes.bootstrap.wiring import Office
from meganodes.directory.reconciliations import Reconciliations
from meganodes.directory.records import SYSTEM
from meganodes.domain.reconciliation import DayResult
from meganodes.hub.core import Hub
from meganodes.hub.daily_reconciliation import DailyPorts, DailyReconciliation, DailySettings
from meganodes.kit.kept_file import read_kept, write_kept


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
        keep=partial(write_kept, file),
    )
    settings = DailySettings(at_hour=given.at_hour, statuses_max=given.statuses_max)
    return DailyReconciliation(ports, settings, read_kept(file, tuple[DayResult, ...], ()))
