"""One attempt for a claimed row: send what is due, decide by the rules, record."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from meganodes.callbacks.gateway import Attempt, Call, Lane
from meganodes.domain.cancellation import after_delivery
from meganodes.domain.transaction import Kind, Step, Transaction
from meganodes.hub.calls import agent_view, attempt_record
from meganodes.hub.recording import Claimed, claims_of, commit_surely, keep_attempt
from meganodes.journal.store import Change, Committed, StateMoved
from meganodes.kit.logging import get_logger
from meganodes.protocol.commands import Command, TransType, status_data
from meganodes.protocol.wire import Exact, dump_json, load_json

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.domain.transaction import Move
    from meganodes.hub.core import Hub

log = get_logger("hub.deliver")


async def deliver(
    hub: Hub, claim: Claimed, lane: Lane, *, circuit_probe: bool = False
) -> Transaction:
    """Make the attempt this row was claimed for, record what follows, give the row."""
    row = claim.row
    agent = hub.directory.agent(row.agent_id)
    assert agent is not None, "an agent with money due is never deleted"
    attempt = await hub.gateway.send(agent_view(agent), _call(row, agent, lane))
    attempt_id = hub.identity.trans_id()
    moment = replace(hub.moment(agent), circuit_probe=circuit_probe)
    move = after_delivery(row, attempt.outcome, moment)
    record = attempt_record(attempt, attempt_id, row.agent_id, row.account, row.trans_id)
    change = Change(at_ms=hub.clock.now_ms(), moves=(move,), attempts=(record,))
    result = await commit_surely(hub, change)
    if isinstance(result, StateMoved):
        # Our lease ran out and another owner went on: the attempt stays in the log, the row is
        # theirs.
        await keep_attempt(hub, record)
        return result.row
    assert isinstance(result, Committed), result
    report(hub, move, attempt)
    hub.decisions.announce(row.trans_id)
    if move.after.step is Step.VERIFY and row.step is not Step.VERIFY:
        hub.wake_worker()
    return result.rows[0]


def set_out(hub: Hub, change: Change, result: Committed, *, owed: int) -> None:
    """Send what this commit claimed in tasks of their own; what it did not is the worker's."""
    claims = claims_of(change, result)
    for claim in claims:
        hub.spawn(deliver(hub, claim, Lane.PLAY))
    if len(claims) < owed:
        hub.wake_worker()


def report(hub: Hub, move: Move, attempt: Attempt | None = None) -> None:
    """Tell the log what people must know, and count it; an alarm is an error-level line."""
    if move.alarm is None:
        return
    hub.meters.note_alarm(move.alarm)
    log.error(
        "transaction_alarm",
        alarm=move.alarm,
        agent_id=move.after.agent_id,
        trans_guid=move.after.guid,
        state=move.after.state.value,
        attempt=attempt.attempt if attempt else None,
    )


def _call(row: Transaction, agent: Agent, lane: Lane) -> Call:
    command, data, webhook_id = _what_is_due(row, agent.currency.exponent)
    return Call(
        command=command,
        data=data,
        account=row.account,
        webhook_id=webhook_id,
        attempt=row.attempts,
        lane=lane,
        revision=row.revision,
    )


def _what_is_due(row: Transaction, exponent: int) -> tuple[Command, bytes, str]:
    """Choose command, data and stable webhook id for the next callback of this row."""
    if row.step is Step.DELIVER:
        if row.kind is Kind.WIN:
            return Command.WIN, row.data, row.guid
        return Command.CANCEL, cancel_data_of(row, exponent), row.cancel_guid
    data = status_data(row.revision, row.account, row.guid, row.trans_id)
    # Stable over the repeats of one question, another for the next: receivers may remember ids.
    return Command.STATUS, data, f"{row.guid}-s{row.reopened}.{row.probes}"


def cancel_data_of(row: Transaction, exponent: int) -> bytes:
    """Make the cancel's data from the bet's own bytes: the same on every attempt and node (3.1)."""
    bet = load_json(row.data)
    assert isinstance(bet, dict)
    bet["amount"] = Exact(amount_minor=row.amount_minor, exponent=exponent)
    if "trans_guid" not in bet:
        kept = ("account", "trans_id", "round_id", "provider_id", "provider_name")
        games = ("game_code", "game_name", "game_type")
        return dump_json({name: bet[name] for name in (*kept, *games)})
    bet["trans_guid"] = row.cancel_guid
    bet["type"] = int(TransType.CANCEL)
    bet["cancel_trans_guid"] = row.guid
    return dump_json(bet)
