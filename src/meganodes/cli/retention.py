"""``meganodes retention``: old bytes of attempts are packed, older ones leave their digest."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from meganodes.bootstrap.retention import agent_name, commanded
from meganodes.bootstrap.wiring import Office
from meganodes.cli.context import person, run_in_office
from meganodes.cli.moments import moment_ms, shown_moment
from meganodes.cli.output import FAILED, print_json, say, show_rows
from meganodes.cli.progress import Step, progress
from meganodes.hub.retention import RetentionReport, as_document

_COLUMNS = ("agent", "packed", "bytes_before", "bytes_after", "retired", "bytes_gone")


def command(
    context: typer.Context,
    *,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done; change nothing.")
    ] = False,
    until: Annotated[
        str | None,
        typer.Option(help="Only what was made before this moment (ISO 8601 with an offset)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Pack bytes of attempts after some days, retire them after 90; exit 1 if some had to stay.

    Play may go on meanwhile. A run that was ended anywhere is gone on with by the next one.
    """
    until_ms = None if until is None else moment_ms(until)
    with progress() as step:
        report, names = run_in_office(context, lambda office: _run(office, until_ms, step, dry_run))
    document = as_document(report, lambda agent_id: names[agent_id])
    if as_json:
        print_json({"dry_run": dry_run, **document})
    else:
        _tell(report, names, dry_run=dry_run)
    if report.kept_back:
        raise SystemExit(FAILED)


async def _run(
    office: Office,
    until_ms: int | None,
    step: Step,
    dry_run: bool,  # noqa: FBT001 - an option
) -> tuple[RetentionReport, dict[int, str]]:
    actor = None if dry_run else person()
    report = await commanded(office, actor, step, until_ms)
    name = partial(agent_name, office)
    return report, {each: name(each) for each in report.packed.keys() | report.retired.keys()}


def _tell(report: RetentionReport, names: dict[int, str], *, dry_run: bool) -> None:
    would = "would be" if dry_run else "were"
    say(
        f"Bytes of attempts made before {shown_moment(report.limits.pack_before_ms)} {would} "
        f"packed, those made before {shown_moment(report.limits.retire_before_ms)} {would} retired."
    )
    rows = []
    for agent_id, name in sorted(names.items(), key=lambda named: named[1]):
        packed, retired = report.packed.get(agent_id), report.retired.get(agent_id)
        rows.append(
            {
                "agent": name,
                "packed": packed.rows if packed else 0,
                "bytes_before": packed.bytes_before if packed else 0,
                "bytes_after": packed.bytes_after if packed and not dry_run else None,
                "retired": retired.rows if retired else 0,
                "bytes_gone": retired.bytes_before if retired else 0,
            }
        )
    show_rows(_COLUMNS, rows, as_json=False, empty="There is nothing to do.")
    if report.kept_back:
        say(
            f"{report.kept_back} attempts keep their bytes: another digest than theirs is on "
            "record. Look with: meganodes verify-seals"
        )
    if report.oldest_ms is not None:
        say(f"The oldest attempt whose bytes are kept is of {shown_moment(report.oldest_ms)}.")
