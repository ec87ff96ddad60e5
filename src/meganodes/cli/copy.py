"""``meganodes copy``: a grown installation moves from SQLite to PostgreSQL."""

from __future__ import annotations

from typing import Annotated

import typer

from meganodes.bootstrap.wiring import StartFault
from meganodes.cli.output import WRONG_USAGE, fail, print_json, say, show_rows
from meganodes.cli.progress import progress
from meganodes.kit.database import DatabaseUrlError, parse_database_url


def copy(
    source: Annotated[str, typer.Option("--from", help="What to copy: sqlite:///file.db.")],
    target: Annotated[
        str, typer.Option("--to", help="An empty, migrated database: postgresql://user@host/name.")
    ],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Copy journal and directory while no hub runs, and compare; all of it or nothing."""
    from meganodes.bootstrap import copying  # noqa: PLC0415 - no other command waits for psycopg

    try:
        urls = parse_database_url(source), parse_database_url(target)
    except DatabaseUrlError as fault:
        fail([str(fault)], status=WRONG_USAGE)
    try:
        with progress() as step:
            done = copying.copy(*urls, step)
    except StartFault as fault:
        fail(fault.sentences)
    rows = [
        {"table": name, "rows": each.rows, "checksum": each.checksum}
        for name, each in done.tables.items()
    ]
    if as_json:
        print_json({"rows": done.rows, "seconds": round(done.seconds, 3), "tables": rows})
        return
    show_rows(("table", "rows", "checksum"), rows, as_json=False, empty="")
    say(f"{done.rows} rows are copied and were read back the same, {done.seconds:.1f} s.")
    say(
        "Set database_url to the new database, and put the old file away: a hub that is started on "
        "it again sends everything a second time."
    )
