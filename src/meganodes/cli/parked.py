"""``meganodes parked``: what waits for a person's decision; nothing can be deleted."""

from __future__ import annotations

from typing import Annotated

import typer

from meganodes.bootstrap.wiring import Office
from meganodes.cli.context import person, run_in_office
from meganodes.cli.output import fail, print_json, say, show, show_rows
from meganodes.directory.settlements import Settlements
from meganodes.domain.by_hand import Settlement
from meganodes.domain.transaction import State, Transaction
from meganodes.hub import parked
from meganodes.hub.parked import NotDone
from meganodes.protocol.currency import currency
from meganodes.protocol.money import format_amount

app = typer.Typer(help="Parked transactions: a person decides.", no_args_is_help=True)

_SHOWN_MAX = 10_000

Guid = Annotated[str, typer.Argument(help="The trans_guid, as in callbacks and lists.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command("list")
def list_parked(context: typer.Context, *, as_json: Json = False) -> None:
    """List what is parked, oldest first."""

    async def work(office: Office) -> list[dict[str, object]]:
        return [_record(office, row) for row in await office.reads.parked(limit=_SHOWN_MAX)]

    columns = ("trans_guid", "agent", "kind", "account", "amount", "currency", "attempts")
    show_rows(columns, run_in_office(context, work), as_json=as_json, empty="Nothing is parked.")


@app.command("show")
def show_parked(context: typer.Context, guid: Guid, *, as_json: Json = False) -> None:
    """Show a parked transaction with its history and every attempt."""

    async def work(office: Office) -> dict[str, object]:
        row = await _find(office, guid)
        events = await office.journal.events(row.agent_id, row.trans_id)
        attempts = await office.reads.attempts(row.agent_id, row.trans_id)
        return {
            **_record(office, row),
            "history": [f"{event.at_ms} {event.to_state}: {event.cause}" for event in events],
            "attempts_made": [
                f"{each.number}. {each.command} {each.outcome} {each.duration_ms} ms"
                for each in attempts
            ],
        }

    shown = run_in_office(context, work)
    if as_json:
        print_json(shown)
    else:
        show(shown, as_json=False)


@app.command()
def resume(context: typer.Context, guid: Guid) -> None:
    """Send it again, with a new schedule."""

    async def work(office: Office) -> Transaction | NotDone:
        row = await _find(office, guid)
        await Settlements(office.staff).note_resuming(row.agent_id, row.trans_id, person())
        return await parked.resume(office.journal, office.clock, row, person().name)

    _tell(guid, run_in_office(context, work))


@app.command()
def settle(
    context: typer.Context,
    guid: Guid,
    *,
    by: Annotated[str, typer.Option(help="Who settled it outside the hub.")],
    confirmed_by: Annotated[str, typer.Option(help="The second person.")],
    reason: Annotated[str, typer.Option(help="Why and how it was settled.")],
) -> None:
    """Close it because two people settled it outside the hub: nothing is ever sent again."""
    settlement = Settlement(by=by, confirmed_by=confirmed_by, reason=reason)

    async def work(office: Office) -> Transaction | NotDone:
        if fault := settlement.fault():
            return NotDone(fault)
        row = await _find(office, guid)
        await Settlements(office.staff).note_settling(row, settlement, person())
        return await parked.settle(office.journal, office.clock, row, settlement)

    _tell(guid, run_in_office(context, work))


def _tell(guid: str, done: Transaction | NotDone) -> None:
    if isinstance(done, NotDone):
        fail([f"{guid}: {done.reason}"])
    say(f"{guid} is {done.state.value}.")


async def _find(office: Office, guid: str) -> Transaction:
    agents = [agent.agent_id for agent in office.directory.agents()]
    named = (await office.reads.named(guid, agents, [])).transactions
    found = [row for row in named if row.guid == guid and row.state is State.PARKED]
    if not found:
        fail([f"no parked transaction has the trans_guid {guid}; see: meganodes parked list"])
    return found[0]


def _record(office: Office, row: Transaction) -> dict[str, object]:
    agent = office.directory.agent(row.agent_id)
    return {
        "trans_guid": row.guid,
        "agent": agent.name if agent else row.agent_id,
        "kind": row.kind.value,
        "state": row.state.value,
        "account": row.account,
        "amount": format_amount(row.amount_minor, currency(row.currency).exponent),
        "currency": row.currency,
        "attempts": row.attempts,
        "round_id": row.round_id,
    }
