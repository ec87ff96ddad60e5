"""``meganodes catalog generate``: a made-up catalogue to try things with."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from meganodes.bootstrap.wiring import Office
from meganodes.cli.catalog_files import is_csv, write_file
from meganodes.cli.context import person, run_in_office
from meganodes.cli.output import WRONG_USAGE, fail, print_json, say
from meganodes.directory.records import CatalogueProvider, NewProvider
from meganodes.hub.catalogue_generation import (
    GAMES_MAX,
    PROVIDERS_MAX,
    Wishes,
    generate_catalogue,
)
from meganodes.hub.catalogue_writing import write_catalogue

_LAUNCH_URL = (
    "https://play.example/{game_code}?session={session}&lang={lang}&currency={currency}"
    "&return_url={return_url}"
)


def generate(  # noqa: PLR0913 - the options of the published command
    context: typer.Context,
    *,
    out: Annotated[Path, typer.Option(help="Where to write it, .json or .csv.")],
    providers: Annotated[int, typer.Option(min=1, max=PROVIDERS_MAX, help="How many.")] = 20,
    games: Annotated[int, typer.Option(min=1, max=GAMES_MAX, help="Of all of them.")] = 5_000,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    first_id: Annotated[int, typer.Option(min=1, help="provider_id of the first one.")] = 101,
    register: Annotated[
        bool, typer.Option("--register", help="Set up those providers that are not there yet.")
    ] = False,
    launch_url: Annotated[
        str, typer.Option(help="Launch template of registered providers.")
    ] = _LAUNCH_URL,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Make a catalogue of invented providers and games, in eleven languages."""
    of_csv = is_csv(out)
    if games < providers:
        fail(["--games: each provider needs a game at least"], status=WRONG_USAGE)
    made = generate_catalogue(
        Wishes(providers=providers, games=games, seed=seed, first_id=first_id)
    )
    registered = []
    if register:
        registered = run_in_office(context, lambda office: _register(office, made, launch_url))
    write_file(out, write_catalogue(made, is_csv=of_csv))
    if as_json:
        counts = {"providers": providers, "games": games}
        print_json({"file": str(out), **counts, "registered": registered})
        return
    if registered:
        say("These providers are set up. Their tokens are shown once:")
        for each in registered:
            say(f"{each['provider_id']}  {each['provider_token']}  {each['name']}")
    say(f"{out} is written: {games} games of {providers} providers.")
    if not register:
        say("Its providers must be set up before it can be imported: --register does that.")


async def _register(
    office: Office, made: Sequence[CatalogueProvider], launch_url: str
) -> list[dict[str, object]]:
    registered: list[dict[str, object]] = []
    for each in made:
        present = office.directory.provider(each.provider_id)
        name = each.fields["name"]
        if present is not None and present.name != name:
            sentence = (
                f"provider_id {each.provider_id} is {present.name}: choose another --first-id"
            )
            fail([sentence])
        if present is None:
            new = NewProvider(name=name, launch_url=launch_url, provider_id=each.provider_id)
            credentials = await office.directory.add_provider(new, person())
            token = credentials.provider_token.reveal()
            registered.append(
                {"provider_id": each.provider_id, "name": name, "provider_token": token}
            )
    return registered
