"""``meganodes catalog``: the games that are carried."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from meganodes.bootstrap.wiring import Office
from meganodes.cli.catalog_files import content_of, is_csv, write_file
from meganodes.cli.catalog_generate import generate
from meganodes.cli.catalog_list import list_games
from meganodes.cli.context import person, run_in_office
from meganodes.cli.output import FAILED, fail, print_json, say, show
from meganodes.cli.progress import progress
from meganodes.directory.faults import DirectoryFault
from meganodes.directory.records import CatalogueProvider, Imported
from meganodes.hub.catalogue import BadLine, Catalogue, missing, read_catalogue
from meganodes.hub.catalogue_writing import as_catalogue, write_catalogue

app = typer.Typer(help="The games that are carried.", no_args_is_help=True)
app.command("list")(list_games)
app.command("generate")(generate)


@app.command("import")
def import_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A catalogue, .json or .csv.")],
    *,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Take games that the file has not out of launch."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Add and change games; with one bad line nothing is imported and every bad line is listed."""
    of_csv = is_csv(file)
    with progress() as step:
        catalogue = read_catalogue(
            content_of(file),
            is_csv=of_csv,
            on_progress=lambda done, total: step("Reading", done, total),
        )

        async def work(office: Office) -> Imported | Sequence[BadLine]:
            known = {provider.provider_id for provider in office.directory.providers()}
            faults = (*catalogue.faults, *missing(catalogue, known))
            if faults:
                return faults
            step("Writing", 0, 0)
            return await _put(office, catalogue.providers, prune=prune, dry_run=dry_run)

        done = run_in_office(context, work)
    if not isinstance(done, Imported):
        _refuse(file, done, as_json=as_json)
    _tell(file, done, catalogue, dry_run=dry_run, as_json=as_json)


async def _put(
    office: Office, providers: Sequence[CatalogueProvider], *, prune: bool, dry_run: bool
) -> Imported | Sequence[BadLine]:
    try:
        return await office.directory.import_catalogue(
            providers, person(), prune=prune, dry_run=dry_run
        )
    except DirectoryFault as fault:
        return [BadLine(reason=each.sentence) for each in fault.faults]


def _refuse(file: Path, faults: Iterable[BadLine], *, as_json: bool) -> NoReturn:
    if as_json:
        shown = [
            {"line": each.line, "path": each.path, "field": each.field, "reason": each.reason}
            for each in faults
        ]
        print_json({"imported": False, "faults": shown})
        raise SystemExit(FAILED)
    fail([*map(str, faults), f"{file}: nothing was imported"], status=FAILED)


def _tell(
    file: Path, done: Imported, catalogue: Catalogue, *, dry_run: bool, as_json: bool
) -> None:
    if as_json:
        ignored = {"ignored": list(catalogue.ignored)}
        print_json({"imported": not dry_run, "dry_run": dry_run, **asdict(done), **ignored})
        return
    title = f"{file} would be imported so:" if dry_run else f"{file} is imported."
    show(
        {name.replace("_", " "): n for name, n in asdict(done).items()}, as_json=False, title=title
    )
    if catalogue.ignored:
        say(f"Not read, as no catalogue has it: {', '.join(catalogue.ignored)}")


@app.command("export")
def export_file(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write it, .json or .csv.")],
    *,
    provider: Annotated[int | None, typer.Option(help="Only this provider's games.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Write providers and games into a file that `catalog import` reads back as they are."""
    of_csv = is_csv(file)

    async def work(office: Office) -> list[CatalogueProvider]:
        directory = office.directory
        return [
            as_catalogue(each, directory.games_of(each.provider_id))
            for each in directory.providers()
            if provider is None or each.provider_id == provider
        ]

    found = run_in_office(context, work)
    if provider is not None and not found:
        fail([f"there is no provider {provider}"])
    write_file(file, write_catalogue(found, is_csv=of_csv))
    counts = {"providers": len(found), "games": sum(len(each.games or ()) for each in found)}
    show(counts, as_json=as_json, title=f"{file} is written.")
