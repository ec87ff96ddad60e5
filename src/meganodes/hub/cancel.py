"""A provider's cancel: names a bet, never an amount; answered once nothing is owed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, assert_never

from meganodes.domain.answers import is_delivered
from meganodes.domain.asked import Answer, AskedCancel
from meganodes.domain.cancellation import cancel_accepted, wish_cancel
from meganodes.domain.round import CancelVerdict, judge_cancel
from meganodes.domain.transaction import Kind, State, Transaction
from meganodes.hub.bet import owed_now
from meganodes.hub.deliver import set_out
from meganodes.hub.play import Play, content_digest
from meganodes.hub.recording import commit_surely
from meganodes.hub.win import until_delivered
from meganodes.journal.store import (
    Change,
    CommitResult,
    Committed,
    Insert,
    RoundStep,
)
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.ids import trans_guid

if TYPE_CHECKING:
    from meganodes.hub.core import Hub


async def cancel_bet(hub: Hub, play: Play, asked: AskedCancel) -> Answer:
    """Undo a bet as a whole (contract 4, cancel)."""
    if asked.transaction_id == asked.cancel_transaction_id:
        # One id cannot be two transactions.
        return play.answer(ApiCode.TRANSACTION_CONFLICT)
    content = content_digest(Kind.CANCEL, play.session.user_code, asked.cancel_transaction_id)
    return await _cancel(hub, play, asked, content)


async def _cancel(hub: Hub, play: Play, asked: AskedCancel, content: str) -> Answer:
    while True:
        known = await hub.journal.find(play.key(asked.transaction_id))
        if known is not None:
            return await _replay(hub, play, known, content)
        bet = await hub.journal.find(play.key(asked.cancel_transaction_id))
        if bet is None:
            verdict, result = CancelVerdict.NOTHING_TO_DO, await _entomb(hub, play, asked, content)
        else:
            verdict, result = await _undo(hub, play, asked, content, bet)
        if isinstance(result, Committed):
            return await _follow(hub, play, verdict, result.rows[-1])
        # Somebody was quicker: read again and judge anew.


async def _entomb(hub: Hub, play: Play, asked: AskedCancel, content: str) -> CommitResult:
    """Remember for ever that this id was cancelled before its bet came (reliability 2.4 D7)."""
    tombstone = replace(
        _cancel_row(hub, play, asked, content),
        trans_id=hub.identity.trans_id(),
        transaction_id=asked.cancel_transaction_id,
        cancel_transaction_id=None,
        kind=Kind.BET,
        state=State.TOMBSTONE,
        code=ApiCode.TRANSACTION_CANCELLED,
        content="",
    )
    inserts = (
        Insert(row=_cancel_row(hub, play, asked, content), cause="cancel of an unknown id"),
        Insert(row=tombstone, cause="tombstone"),
    )
    return await commit_surely(hub, Change(at_ms=tombstone.created_at_ms, inserts=inserts))


def _refusal(row: Transaction) -> Change:
    refused = replace(row, state=State.REFUSED, code=ApiCode.NOT_CANCELLABLE)
    insert = Insert(row=refused, cause="not cancellable")
    return Change(at_ms=row.created_at_ms, inserts=(insert,))


async def _undo(
    hub: Hub, play: Play, asked: AskedCancel, content: str, bet: Transaction
) -> tuple[CancelVerdict, CommitResult]:
    """Commit what the round allows, guarded by the state and the round that were judged."""
    row = replace(_cancel_row(hub, play, asked, content), round_id=bet.round_id)
    if bet.kind is not Kind.BET:
        return CancelVerdict.NOT_CANCELLABLE, await commit_surely(hub, _refusal(row))
    view = await hub.journal.round(bet.round_key)
    present = next((row for row in view.bets if row.trans_id == bet.trans_id), bet)
    verdict = judge_cancel(present, view, cancel_after_win=play.provider.cancel_after_win)
    change = Change(at_ms=row.created_at_ms, inserts=(Insert(row=row, cause="cancel"),))
    guard = RoundStep(key=bet.round_key, expected_seq=view.seq)
    match verdict:
        case CancelVerdict.NOT_CANCELLABLE:
            change = _refusal(row)
        case CancelVerdict.WISH:
            change = replace(
                change, moves=(wish_cancel(present, hub.moment(play.agent)),), rounds=(guard,)
            )
        case CancelVerdict.UNDO_ACCEPTED:
            undo = owed_now(hub, cancel_accepted(present, hub.moment(play.agent)))
            change = replace(change, moves=(undo,), rounds=(guard,))
        case CancelVerdict.NOTHING_TO_DO:
            pass
        case _:
            assert_never(verdict)
    result = await commit_surely(hub, change)
    if isinstance(result, Committed):
        set_out(hub, change, result, owed=int(verdict is CancelVerdict.UNDO_ACCEPTED))
        if verdict is CancelVerdict.NOTHING_TO_DO:
            result = Committed(rows=(*result.rows, present))
    return verdict, result


def _cancel_row(hub: Hub, play: Play, asked: AskedCancel, content: str) -> Transaction:
    now_ms = hub.clock.now_ms()
    provider_id = play.provider.provider_id
    guid = trans_guid(
        hub.settings.installation,
        play.agent.agent_id,
        provider_id,
        asked.cancel_transaction_id,
    )
    return Transaction(
        agent_id=play.agent.agent_id,
        trans_id=hub.identity.trans_id(),
        provider_id=provider_id,
        transaction_id=asked.transaction_id,
        kind=Kind.CANCEL,
        user_code=play.session.user_code,
        account=play.session.account,
        gplay_id=play.session.gplay_id,
        round_id="",
        game_code=play.session.game_code,
        currency=play.agent.currency.code,
        amount_minor=0,
        revision=play.agent.revision,
        guid=guid,
        data=b"{}",
        content=content,
        cancel_transaction_id=asked.cancel_transaction_id,
        created_at_ms=now_ms,
        state=State.RECORDED,
        decided_at_ms=now_ms,
    )


async def _follow(hub: Hub, play: Play, verdict: CancelVerdict, bet: Transaction) -> Answer:
    """Answer once nothing is owed, or when the answer is due."""
    if verdict is CancelVerdict.NOT_CANCELLABLE:
        return play.answer(ApiCode.NOT_CANCELLABLE)
    return cancel_answer(play, await until_delivered(hub, play, bet))


async def _replay(hub: Hub, play: Play, known: Transaction, content: str) -> Answer:
    if known.kind is not Kind.CANCEL or known.content != content:
        return play.answer(ApiCode.TRANSACTION_CONFLICT)
    if known.state is State.REFUSED:
        return replace(play.answer(known.code), replay=True)
    assert known.cancel_transaction_id is not None
    bet = await hub.journal.find(play.key(known.cancel_transaction_id))
    assert bet is not None, "a recorded cancel has its bet or its tombstone"
    bet = await until_delivered(hub, play, bet)
    return replace(cancel_answer(play, bet), replay=True)


def cancel_answer(play: Play, bet: Transaction) -> Answer:
    """Answer a cancel from its bet's row: one guid for ever, whoever asks and however often."""
    return Answer(
        code=ApiCode.OK,
        exponent=play.exponent,
        guid=bet.cancel_guid,
        balance_minor=bet.balance_minor if bet.state is State.CANCELLED else None,
        delivered=is_delivered(bet),
    )
