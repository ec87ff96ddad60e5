"""``meganodes verify-seals``: is the journal still what was sealed, to the byte."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import Annotated

import typer

from meganodes.bootstrap.wiring import Office
from meganodes.cli.context import run_in_office
from meganodes.cli.moments import moment_ms, shown_moment
from meganodes.cli.output import FAILED, WRONG_USAGE, fail, print_json, say, show_rows
from meganodes.cli.progress import Step, progress
from meganodes.hub.seals import SealReport, verify
from meganodes.journal.sealing import Broken

_SHOWN_MAX = 100
_COLUMNS = ("agent", "minute", "finding")


def verify_seals(
    context: typer.Context,
    *,
    agent: Annotated[str | None, typer.Option(help="One agent only, by name.")] = None,
    start: Annotated[
        str | None, typer.Option("--from", help="From this moment on (ISO 8601 with an offset).")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="Before this moment.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Follow every chain of seals and compare the journal with it; exit 1 on a finding."""
    window = (0 if start is None else moment_ms(start), None if end is None else moment_ms(end))
    with progress() as step:
        report, names = run_in_office(context, lambda office: _run(office, agent, window, step))
    found = [_record(each, names) for each in report.broken]
    if as_json:
        print_json(_document(report, names, found))
    else:
        say(
            f"{report.rows} rows in {report.minutes} minutes and {report.seals} seals were looked "
            f"at; sealed up to {shown_moment(report.sealed_to_ms)}."
        )
        show_rows(_COLUMNS, found[:_SHOWN_MAX], as_json=False, empty="Everything is as sealed.")
        if len(found) > _SHOWN_MAX:
            say(f"And {len(found) - _SHOWN_MAX} more: --json has them all.")
    if report.broken:
        raise SystemExit(FAILED)


async def _run(
    office: Office, agent: str | None, window: tuple[int, int | None], step: Step
) -> tuple[SealReport, dict[int, str]]:
    names = {each.agent_id: each.name for each in office.directory.agents()}
    numbers = {name: number for number, name in names.items()}
    if agent is not None and agent not in numbers:
        fail([f"there is no agent {agent}; see: meganodes agent list"], status=WRONG_USAGE)
    number = None if agent is None else numbers[agent]
    # Nobody else waits for this process: the check may hold its loop.
    reader = office.journal.open_reader()
    with closing(reader.connection):
        return verify(reader, number, window, step), names


def _record(broken: Broken, names: dict[int, str]) -> dict[str, object]:
    return {
        "agent": names.get(broken.agent_id, str(broken.agent_id)),
        "minute": shown_moment(broken.minute_ms),
        "finding": broken.sentence,
    }


def _document(
    report: SealReport, names: dict[int, str], found: list[dict[str, object]]
) -> dict[str, object]:
    return {
        "sealed_to": shown_moment(report.sealed_to_ms),
        "rows": report.rows,
        "minutes": report.minutes,
        "seals": report.seals,
        "findings": found,
        "daily_roots": [
            {
                "agent": names.get(agent_id, str(agent_id)),
                "day": datetime.fromtimestamp(day_ms // 1000, UTC).date().isoformat(),
                "seal": number,
                "digest": digest.hex(),
            }
            for (agent_id, day_ms), (number, digest) in sorted(report.roots.items())
        ],
    }
