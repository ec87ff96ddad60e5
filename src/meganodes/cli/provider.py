"""``meganodes provider``: companies whose games are carried."""

from __future__ import annotations

from typing import Annotated

import typer

from meganodes.bootstrap.wiring import Office
from meganodes.cli.context import person, run_in_office
from meganodes.cli.maintenance import maintenance
from meganodes.cli.output import show, show_rows
from meganodes.directory.maintenance import status_at
from meganodes.directory.records import NewProvider

app = typer.Typer(help="Providers: companies whose games are carried.", no_args_is_help=True)
app.command("maintenance")(maintenance)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command()
def add(  # noqa: PLR0913 - the options of the published command
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The provider's name.")],
    *,
    launch_url: Annotated[
        str, typer.Option(help="Template with {session} and {game_code}; see docs/protocol.")
    ],
    number: Annotated[int | None, typer.Option("--id", help="Its provider_id.")] = None,
    currencies: Annotated[str, typer.Option(help="Codes separated by commas; '' for all.")] = "",
    replay_url: Annotated[str | None, typer.Option(help="Template of its replay page.")] = None,
    wins_without_bet: Annotated[
        bool, typer.Option("--wins-without-bet", help="It pays prizes and free rounds.")
    ] = False,
    cancel_after_win: Annotated[
        bool, typer.Option("--cancel-after-win", help="It may cancel bets of finished rounds.")
    ] = False,
    allow_list: Annotated[
        str, typer.Option(help="Addresses or networks it may call from; '' for all.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Set a provider up and print its token, once."""

    async def work(office: Office) -> dict[str, object]:
        new = NewProvider(
            name=name,
            launch_url=launch_url,
            provider_id=number,
            currencies=_parts(currencies),
            replay_url=replay_url,
            wins_without_bet=wins_without_bet,
            cancel_after_win=cancel_after_win,
            allow_list=_parts(allow_list),
        )
        made = await office.directory.add_provider(new, actor=person())
        return {
            "provider_id": made.provider_id,
            "provider_token": made.provider_token.reveal(),
        }

    made = run_in_office(context, work)
    show(made, as_json=as_json, title=f"Provider {name} is set up. Its token is shown once:")


def _parts(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


@app.command("list")
def list_providers(context: typer.Context, *, as_json: Json = False) -> None:
    """List all providers with the number of their games."""

    async def work(office: Office) -> list[dict[str, object]]:
        directory, now_ms = office.directory, office.clock.now_ms()
        return [
            {
                "provider_id": provider.provider_id,
                "name": provider.name,
                "status": status_at(provider, now_ms).name.lower(),
                "games": len(directory.games_of(provider.provider_id)),
                "currencies": list(provider.currencies),
                "launch_url": provider.launch_url,
            }
            for provider in directory.providers()
        ]

    columns = ("provider_id", "name", "status", "games", "currencies", "launch_url")
    empty = "No provider yet. Set one up with: meganodes provider add NAME --launch-url ..."
    show_rows(columns, run_in_office(context, work), as_json=as_json, empty=empty)
