"""``meganodes backup`` and ``meganodes restore``: a copy of the database, and the way back."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from meganodes.bootstrap import backup as backups
from meganodes.bootstrap.restore import RestoreDone, RestoreOrder
from meganodes.bootstrap.restore import restore as put_back
from meganodes.bootstrap.settings import Settings
from meganodes.bootstrap.wiring import StartFault, database_file, read_database_url
from meganodes.cli.context import options_of, person
from meganodes.cli.output import WRONG_USAGE, fail, print_json, say, show
from meganodes.cli.progress import progress

_POLITENESS = 10
_SHOWN_GUIDS = 20
_BACKUP_OF_SERVER = (
    "PostgreSQL is backed up by its own tools: pg_basebackup with an archive of its log (every "
    "moment can be restored), or pg_dump --format=custom (one moment); docs/operating/postgresql.md"
)
_RESTORE_OF_SERVER = (
    "PostgreSQL is restored by its own tools: stop every node, restore to the last moment there is "
    "(recovery_target_timeline = latest) or pg_restore into an empty database; "
    "docs/operating/postgresql.md says what the hub needs afterwards"
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to put the copy; must not exist.")],
    *,
    as_json: Json = False,
) -> None:
    """Copy the database into FILE while the hub runs, check the copy, then give it its name."""
    settings = options_of(context).settings()
    _require_file(settings, _BACKUP_OF_SERVER)
    os.nice(_POLITENESS)  # the hub goes first: a backup has time
    try:
        with progress() as step:
            done = backups.backup(database_file(settings), file, step)
    except StartFault as fault:
        fail(fault.sentences)
    shown = {
        "file": str(done.file),
        "size_bytes": done.size_bytes,
        "seconds": round(done.seconds, 3),
        "fault": done.fault,
    }
    if as_json:
        print_json(shown)
        return
    say(f"{done.file}: {done.size_bytes // 1024} KiB, checked, {done.seconds:.1f} s.")
    if done.fault:
        say(f"As in the database itself: {done.fault}")
    say("The master key is not in it: keep its copy in another place.")


def restore(  # noqa: PLR0913 - the options of the published command
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file made by meganodes backup.")],
    *,
    replaces: Annotated[
        bool, typer.Option("--replace", help="Move a database that is there aside.")
    ] = False,
    skip_ahead: Annotated[
        int | None,
        typer.Option(min=0, max=10**12, help="Numbers to pass over; the hub's pace by default."),
    ] = None,
    nothing_since: Annotated[
        bool,
        typer.Option("--nothing-since", help="The hub has not run since the backup was taken."),
    ] = False,
    as_json: Json = False,
) -> None:
    """Put a backup in the database's place while no hub runs; docs/operating/backup.md first."""
    if nothing_since and skip_ahead is not None:
        fail(["--nothing-since passes nothing over: leave --skip-ahead out"], status=WRONG_USAGE)
    order = RestoreOrder(
        file=file,
        actor=person(),
        replaces=replaces,
        skip_ahead=skip_ahead,
        nothing_since=nothing_since,
    )
    settings = options_of(context).settings()
    _require_file(settings, _RESTORE_OF_SERVER)
    try:
        with progress() as step:
            done = asyncio.run(put_back(settings, order, step))
    except StartFault as fault:
        fail(fault.sentences)
    if as_json:
        print_json(_record(done))
    else:
        _tell(done, order)


def _require_file(settings: Settings, instead: str) -> None:
    """End with what is to be done instead when the database is a server's."""
    try:
        url = read_database_url(settings)
    except StartFault as fault:
        fail(fault.sentences)
    if url.path is None:
        fail([instead], status=WRONG_USAGE)


def _record(done: RestoreDone) -> dict[str, object]:
    return {
        "database": str(done.database),
        "taken_at": _moment(done),
        "moved_aside": None if done.aside is None else str(done.aside),
        "list_numbers_skipped": done.list_numbers_skipped,
        "last_numbers": dict(done.last_numbers),
        "parked": list(done.parked),
    }


def _moment(done: RestoreDone) -> str | None:
    if done.taken_at_ms is None:
        return None
    return datetime.fromtimestamp(done.taken_at_ms // 1000, UTC).isoformat()


def _tell(done: RestoreDone, order: RestoreOrder) -> None:
    parked = ", ".join(done.parked[:_SHOWN_GUIDS])
    more = f" and {len(done.parked) - _SHOWN_GUIDS} more" if len(done.parked) > _SHOWN_GUIDS else ""
    show(
        {
            "the last thing it knows of": _moment(done) or "nothing",
            "the old database": done.aside or "there was none",
            "numbers passed over in lists": done.list_numbers_skipped,
            "sequences go on above": ", ".join(f"{n} {v}" for n, v in done.last_numbers.items()),
            "undecided bets, now parked": f"{parked}{more}" or "none",
        },
        as_json=False,
        title=f"{order.file} is now {done.database}.",
    )
    if not order.nothing_since:
        say(
            "What happened after that moment is not known to this hub. Before you start it, read "
            "docs/operating/backup.md: providers and agents must be asked."
        )
