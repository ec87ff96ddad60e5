"""One bet, one way: intent, commit, call once, decision, commit, answer from the row.

Whatever is unknown after the call is undone; a bet is never on the wire twice (contract 3.4).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from meganodes.callbacks.gateway import Attempt, Call, Lane
from meganodes.domain.answers import is_decided
from meganodes.domain.asked import Answer, AskedBet
from meganodes.domain.cancellation import BET_SEND_WINDOW_MS, after_bet
from meganodes.domain.transaction import Kind, Move, State, Transaction, claimed
from meganodes.hub.calls import agent_view, attempt_record
from meganodes.hub.deliver import report, set_out
from meganodes.hub.patience import next_look
from meganodes.hub.permissions import bet_refusal
from meganodes.hub.play import Play, Wanted, amount_of, content_digest, new_movement
from meganodes.hub.recording import commit_surely, keep_attempt
from meganodes.journal.store import (
    Change,
    CommitResult,
    Committed,
    CommitUnknown,
    Insert,
    KeyTaken,
    RoundClosed,
    RoundMoved,
    RoundStep,
    StateMoved,
    StoreUnavailable,
)
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command

if TYPE_CHECKING:
    from meganodes.hub.core import Hub


async def place_bet(hub: Hub, play: Play, asked: AskedBet) -> Answer:
    """Ask the agent's backend to take the stake and answer from the row (contract 4)."""
    amount_minor = amount_of(play, "amount", asked.amount)
    if isinstance(amount_minor, Answer):
        return amount_minor
    game_code = asked.game_code or play.session.game_code
    game = hub.directory.game(play.provider.provider_id, game_code)
    if game is None:
        return play.answer(ApiCode.GAME_NOT_FOUND)
    content = content_digest(
        Kind.BET, play.session.user_code, game_code, asked.round_id, amount_minor
    )
    wanted = Wanted(
        kind=Kind.BET,
        transaction_id=asked.transaction_id,
        round_id=asked.round_id,
        amount_minor=amount_minor,
        content=content,
    )
    intent = new_movement(hub, play, game, wanted)
    opened = await open_bet(hub, play, intent)
    if isinstance(opened, Answer):
        return opened
    if isinstance(opened, KeyTaken):
        return await replay_bet(hub, play, opened.row, content)
    if opened.row.state is State.PENDING:
        return bet_answer(play, (await decide_bet(hub, play, opened)).row)
    return bet_answer(play, opened.row)


@dataclass(frozen=True, slots=True)
class Opened:
    """A recorded bet. ``committed_at`` is the monotonic moment its 1.5 s and its 2 s count from.

    It is taken before the commit, so that a pause right after it forbids the send.
    """

    row: Transaction
    committed_at: float


async def open_bet(hub: Hub, play: Play, intent: Transaction) -> Opened | KeyTaken | Answer:
    """Record the intent, or at once the refusal when the hub itself knows that the bet may not be.

    An Answer means that nothing is known to be recorded: the provider is to try again.
    """
    committed_at = hub.clock.monotonic()
    refusal = await bet_refusal(hub, play, intent.amount_minor)
    try:
        if refusal is None:
            result = await _open_pending(hub, intent)
            if isinstance(result, RoundClosed):
                result = await _open_refused(hub, intent, ApiCode.ROUND_CLOSED)
        else:
            result = await _open_refused(hub, intent, refusal)
    except (CommitUnknown, StoreUnavailable):
        # The intent may have landed: it is not sent, and once its lease has ended it is undone.
        return play.answer(ApiCode.TRY_AGAIN)
    if isinstance(result, KeyTaken):
        return result
    assert isinstance(result, Committed), result
    return Opened(result.rows[0], committed_at)


async def _open_pending(hub: Hub, intent: Transaction) -> CommitResult:
    insert = Insert(row=intent, cause="intent", lease_ms=hub.settings.bet_lease_ms)
    step = RoundStep(key=intent.round_key, must_be_open=True)
    change = Change(at_ms=intent.created_at_ms, inserts=(insert,), rounds=(step,))
    # Not commit_surely: an intent whose commit is unknown is not sent (reliability 2.6, P3).
    return await hub.journal.commit(change)


async def _open_refused(hub: Hub, intent: Transaction, code: ApiCode) -> CommitResult:
    row = replace(intent, state=State.REFUSED, code=code, decided_at_ms=intent.created_at_ms)
    change = Change(
        at_ms=intent.created_at_ms,
        inserts=(Insert(row=row, cause=f"refused by the hub: {code.name}"),),
        rounds=(RoundStep(key=intent.round_key),),
    )
    return await hub.journal.commit(change)


@dataclass(frozen=True, slots=True)
class Decided:
    """A decided bet, and the wins that became due in the commit that accepted it."""

    row: Transaction
    wins: tuple[Transaction, ...] = ()


WithWins = Callable[[Change], Awaitable[Change]]
"""Adds to the change that accepts a betwin's stake what becomes due with it."""


async def decide_bet(
    hub: Hub, play: Play, opened: Opened, with_wins: WithWins | None = None
) -> Decided:
    """Send the bet once and record what it brought; what is owed then sets out at once."""
    attempt = await _send_bet(hub, play, opened)
    return await _record_decision(hub, play, opened.row, attempt, with_wins)


async def _send_bet(hub: Hub, play: Play, opened: Opened) -> Attempt:
    """Hand the bet to the backend, once; its 2 s count from the intent's commit."""
    intent = opened.row
    return await hub.gateway.send(
        agent_view(play.agent),
        Call(
            command=Command.BET,
            data=intent.data,
            account=intent.account,
            webhook_id=intent.guid,
            attempt=1,
            lane=Lane.PLAY,
            started_at=opened.committed_at,
            first_byte_within=BET_SEND_WINDOW_MS / 1000,
            revision=intent.revision,
        ),
    )


async def _record_decision(
    hub: Hub, play: Play, intent: Transaction, attempt: Attempt, with_wins: WithWins | None
) -> Decided:
    """Make the decision durable; a wish to cancel that came meanwhile makes it anew."""
    record = attempt_record(
        attempt, hub.identity.trans_id(), intent.agent_id, intent.account, intent.trans_id
    )
    row = intent
    while row.state is State.PENDING:
        move = owed_now(hub, after_bet(row, attempt.outcome, hub.moment(play.agent)))
        change = Change(at_ms=hub.clock.now_ms(), moves=(move,), attempts=(record,))
        if with_wins is not None and move.after.state is State.ACCEPTED:
            change = await with_wins(change)
        result = await commit_surely(hub, change)
        match result:
            case Committed():
                report(hub, move, attempt)
                hub.decisions.announce(intent.trans_id)
                set_out(hub, change, result, owed=len(result.rows) - 1)
                return Decided(result.rows[-1], result.rows[:-1])
            case KeyTaken():
                # A win's id was used meanwhile: the stake cannot stay without its win.
                row = replace(row, cancel_asked_at_ms=hub.clock.now_ms())
            case StateMoved():
                row = result.row
            case RoundMoved() | RoundClosed():
                pass
            case _:
                assert_never(result)
    # The lease had ended and the worker undid the bet: the row speaks, the attempt is kept.
    await keep_attempt(hub, record)
    return Decided(row)


def owed_now(hub: Hub, move: Move) -> Move:
    """Claim the first attempt of an owed cancel in the same commit, unless its circuit is open."""
    if move.after.state is not State.CANCELLING or hub.gateway.is_open(move.after.agent_id):
        return move
    return claimed(move, hub.settings.delivery_lease_ms)


async def replay_bet(hub: Hub, play: Play, row: Transaction, content: str) -> Answer:
    """Answer a repeated id from the record; wait for a decision that is under way (contract 4)."""
    if row.state is State.TOMBSTONE and row.kind is Kind.BET:
        return play.answer(ApiCode.TRANSACTION_CANCELLED)
    if row.content != content:
        return play.answer(ApiCode.TRANSACTION_CONFLICT)
    present: Transaction | None = row
    while present is not None and not is_decided(present):
        present = await next_look(hub, present, play.answer_by)
    if present is None:
        return play.answer(ApiCode.TRY_AGAIN)
    return replace(bet_answer(play, present), replay=True)


def bet_answer(play: Play, row: Transaction) -> Answer:
    """Answer a decided bet: a function of its row alone (reliability 2.3)."""
    if row.code is ApiCode.BALANCE_NOT_ENOUGH:
        return Answer(code=row.code, exponent=play.exponent, balance_minor=row.balance_minor)
    if row.state is not State.ACCEPTED:
        assert row.code is not ApiCode.OK, row.state
        return play.answer(row.code)
    return Answer(
        code=ApiCode.OK,
        exponent=play.exponent,
        guid=row.guid,
        balance_minor=row.balance_minor,
    )
