"""``meganodes rounds``: rounds that took a stake and were never closed by their provider."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from meganodes.bootstrap.wiring import Office
from meganodes.cli.context import run_in_office
from meganodes.cli.output import show_rows
from meganodes.domain.retry import HOUR_MS
from meganodes.domain.round import OpenRound

app = typer.Typer(help="Rounds.", no_args_is_help=True)


@app.command("open")
def list_open(
    context: typer.Context,
    *,
    hours: Annotated[int, typer.Option(min=0, help="Unclosed for at least so long.")] = 24,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 1_000,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """List rounds with an accepted bet that nobody closed: their providers owe an end."""

    async def work(office: Office) -> list[dict[str, object]]:
        before_ms = office.clock.now_ms() - hours * HOUR_MS
        found = await office.reads.open_rounds(opened_before_ms=before_ms, limit=limit)
        return [_record(office, each) for each in found]

    columns = ("opened_at", "agent", "provider", "user_code", "round_id")
    empty = f"No round has been open for {hours} hours."
    show_rows(columns, run_in_office(context, work), as_json=as_json, empty=empty)


def _record(office: Office, found: OpenRound) -> dict[str, object]:
    agent = office.directory.agent(found.key.agent_id)
    provider = office.directory.provider(found.key.provider_id)
    opened = datetime.fromtimestamp(found.opened_at_ms // 1000, UTC)
    return {
        "opened_at": opened.isoformat(),
        "agent": agent.name if agent else found.key.agent_id,
        "provider": provider.name if provider else found.key.provider_id,
        "user_code": found.key.user_code,
        "round_id": found.key.round_id,
    }
