"""``meganodes catalog``: the games that are carried."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from meganodes.bootstrap.wiring import Office
from meganodes.cli.context import person, run_in_office
from meganodes.cli.output import FAILED, fail, show
from meganodes.hub.catalogue import read_catalogue
from meganodes.kit.clock import SystemClock

app = typer.Typer(help="The games that are carried.", no_args_is_help=True)


@app.command("import")
def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A catalogue, .json or .csv.")],
    *,
    prune: Annotated[
        bool, typer.Option("--prune", help="Take games that are not in the file out of launch.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Add and change games; with one bad line nothing is imported and every bad line is listed."""
    try:
        content = file.read_bytes()
    except OSError as fault:
        fail([f"{file}: {fault.strerror}"])
    catalogue = read_catalogue(
        content,
        is_csv=file.suffix.lower() == ".csv",
        now=datetime.fromtimestamp(SystemClock().now_ms() // 1000, UTC),
    )
    if catalogue.faults:
        fail(
            [
                *(f"{fault.where}: {fault.reason}" for fault in catalogue.faults),
                f"{file}: nothing was imported",
            ],
            status=FAILED,
        )

    async def work(office: Office) -> dict[str, object]:
        games = {each.provider_id: each.games for each in catalogue.providers}
        done = await office.directory.import_catalogue(games, prune=prune, actor=person())
        return {
            "providers": len(games),
            "added": done.added,
            "changed": done.changed,
            "unchanged": done.unchanged,
        }

    show(run_in_office(context, work), as_json=as_json, title=f"{file} is imported.")
