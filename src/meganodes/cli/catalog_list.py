"""``meganodes catalog list``: the games as they are in the directory, a page at a time."""

from __future__ import annotations

from typing import Annotated

import typer

from meganodes.bootstrap.wiring import Office
from meganodes.cli.context import run_in_office
from meganodes.cli.output import fail, print_json, say, show_rows
from meganodes.directory.maintenance import status_at
from meganodes.directory.records import Game
from meganodes.protocol.commands import Category

_COLUMNS = (
    "provider_id",
    "game_code",
    "name",
    "category",
    "sub_category",
    "launch_enable",
    "status",
    "reg_date",
)


def list_games(  # noqa: PLR0913 - the options of the published command
    context: typer.Context,
    *,
    provider: Annotated[int | None, typer.Option(help="Only games of this provider.")] = None,
    category: Annotated[Category | None, typer.Option(help="Only games of this category.")] = None,
    page: Annotated[int, typer.Option(min=1, help="Which page, for people.")] = 1,
    per_page: Annotated[int, typer.Option(min=1, max=1000, help="Games on a page.")] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print JSON for machines, all games at once.")
    ] = False,
) -> None:
    """List games by provider and code."""

    async def work(office: Office) -> list[dict[str, object]] | None:
        directory, now_ms = office.directory, office.clock.now_ms()
        numbers = [each.provider_id for each in directory.providers()]
        if provider is not None and provider not in numbers:
            return None
        return [
            _shown(game, now_ms)
            for number in numbers
            if provider in {None, number}
            for game in directory.games_of(number)
            if category in {None, game.category}
        ]

    found = run_in_office(context, work)
    if found is None:
        fail([f"there is no provider {provider}"])
    if as_json:
        print_json(found)
        return
    first = (page - 1) * per_page
    rows = found[first : first + per_page]
    empty = "There is no such game." if not found else f"Page {page} is behind the last one."
    show_rows(_COLUMNS, rows, as_json=False, empty=empty)
    if rows:
        say(_footer(first, len(rows), len(found), page))


def _footer(first: int, shown: int, total: int, page: int) -> str:
    text = f"Games {first + 1} to {first + shown} of {total}."
    return text if first + shown >= total else f"{text} More: --page {page + 1}"


def _shown(game: Game, now_ms: int) -> dict[str, object]:
    return {
        "provider_id": game.provider_id,
        "game_code": game.game_code,
        "name": game.name,
        "names": dict(game.names),
        "category": game.category.value,
        "sub_category": game.sub_category,
        "launch_enable": game.launch_enable,
        "status": status_at(game, now_ms).name.lower(),
        "image": game.image,
        "image_narrow": game.image_narrow,
        "reg_date": game.reg_date,
    }
