"""A bet and its wins in one request: the wins become due in the commit that accepts it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from meganodes.domain.answers import answered_balance, is_decided, is_delivered
from meganodes.domain.asked import Answer, AskedBetWin, ItemAnswer
from meganodes.domain.round import must_wait
from meganodes.domain.transaction import Kind, State, Transaction
from meganodes.hub.bet import Opened, bet_answer, decide_bet, open_bet
from meganodes.hub.patience import next_look
from meganodes.hub.play import Play, Wanted, amount_of, content_digest, new_movement
from meganodes.hub.win import until_delivered, win_insert
from meganodes.journal.store import Change, RoundStep
from meganodes.protocol.codes import ApiCode

if TYPE_CHECKING:
    from meganodes.directory.records import Game
    from meganodes.hub.core import Hub

Rows = tuple[Transaction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _BetWin:
    """One betwin under way: the request and the rows it stands for."""

    asked: AskedBetWin
    bet: Transaction
    wins: Rows


async def bet_and_win(hub: Hub, play: Play, asked: AskedBetWin) -> Answer:
    """Serve a betwin (contract 4): the key is the bet's id, the content covers all items."""
    wanted = _wanted(hub, play, asked)
    if isinstance(wanted, Answer):
        return wanted
    opened = await _open(hub, play, wanted)
    if isinstance(opened, Answer):
        return opened
    decided = await decide_bet(hub, play, opened, partial(_with_wins, hub, wanted))
    if decided.row.state is not State.ACCEPTED:
        return bet_answer(play, decided.row)
    wins = [await _followed(hub, play, win) for win in decided.wins]
    return _answer(play, decided.row, tuple(wins))


async def _followed(hub: Hub, play: Play, win: Transaction) -> Transaction:
    """Follow a win from where it is by now: the ones before it were waited for meanwhile."""
    present = await hub.journal.fetch(win.agent_id, win.trans_id)
    return await until_delivered(hub, play, present or win)


async def _open(hub: Hub, play: Play, wanted: _BetWin) -> Opened | Answer:
    """Record the bet's intent; an Answer when it is known already, refused, or an id is taken."""
    known = await hub.journal.find(wanted.bet.key)
    if known is None:
        for win in wanted.wins:
            if await hub.journal.find(win.key) is not None:
                return await _win_id_in_use(hub, play, wanted)
        opened = await open_bet(hub, play, wanted.bet)
        if isinstance(opened, Opened):
            pending = opened.row.state is State.PENDING
            return opened if pending else bet_answer(play, opened.row)
        if isinstance(opened, Answer):
            return opened
        known = opened.row
    return await _replay(hub, play, known, wanted)


async def _win_id_in_use(hub: Hub, play: Play, wanted: _BetWin) -> Answer:
    """Say that an id belongs to another, unless this very betwin was recorded since we looked."""
    known = await hub.journal.find(wanted.bet.key)
    if known is None:
        return play.answer(ApiCode.TRANSACTION_CONFLICT)
    return await _replay(hub, play, known, wanted)


def _wanted(hub: Hub, play: Play, asked: AskedBetWin) -> _BetWin | Answer:
    game = hub.directory.game(play.provider.provider_id, play.session.game_code)
    if game is None:
        return play.answer(ApiCode.GAME_NOT_FOUND)
    amounts: list[int] = []
    faults: list[Answer] = []
    fields = ["bet.amount", *(f"wins[{index}].amount" for index in range(len(asked.wins)))]
    for field, item in zip(fields, (asked.bet, *asked.wins), strict=True):
        amount = amount_of(play, field, item.amount)
        if isinstance(amount, Answer):
            faults.append(amount)
        else:
            amounts.append(amount)
    if faults:
        every = tuple(fault for answer in faults for fault in answer.faults)
        return replace(faults[0], faults=every)
    return _rows(hub, play, asked, game, amounts)


def _rows(hub: Hub, play: Play, asked: AskedBetWin, game: Game, amounts: list[int]) -> _BetWin:
    items = [
        part
        for win, amount in zip(asked.wins, amounts[1:], strict=True)
        for part in (win.transaction_id, amount)
    ]
    user, code = play.session.user_code, game.game_code
    content = content_digest("betwin", user, code, asked.round_id, amounts[0], *items)
    bet = Wanted(
        kind=Kind.BET,
        transaction_id=asked.bet.transaction_id,
        round_id=asked.round_id,
        amount_minor=amounts[0],
        content=content,
    )
    wins = [
        Wanted(
            kind=Kind.WIN,
            transaction_id=win.transaction_id,
            round_id=asked.round_id,
            amount_minor=amount,
            content=content_digest("betwin-win", content, win.transaction_id),
            bet_transaction_id=asked.bet.transaction_id,
        )
        for win, amount in zip(asked.wins, amounts[1:], strict=True)
    ]
    rows = [new_movement(hub, play, game, wanted) for wanted in (bet, *wins)]
    return _BetWin(asked=asked, bet=rows[0], wins=tuple(rows[1:]))


async def _with_wins(hub: Hub, wanted: _BetWin, change: Change) -> Change:
    bet = change.moves[0].after
    view = await hub.journal.round(bet.round_key)
    others = tuple(row for row in view.bets if row.trans_id != bet.trans_id)
    may_send = not must_wait(others)
    now_ms = change.at_ms
    step = RoundStep(
        key=bet.round_key,
        # What was read decides whether the wins may set out: a bet in between makes it stale.
        expected_seq=view.seq,
        wins=len(wanted.wins),
        close=wanted.asked.round_closed,
    )
    due = (replace(win, owed_since_ms=now_ms, due_at_ms=now_ms) for win in wanted.wins)
    return replace(
        change,
        inserts=tuple(win_insert(hub, win, may_send=may_send) for win in due),
        rounds=(step,),
    )


async def _replay(hub: Hub, play: Play, known: Transaction, wanted: _BetWin) -> Answer:
    if known.state is State.TOMBSTONE:
        return play.answer(ApiCode.TRANSACTION_CANCELLED)
    if known.content != wanted.bet.content:
        return play.answer(ApiCode.TRANSACTION_CONFLICT)
    present: Transaction | None = known
    while present is not None and not is_decided(present):
        present = await next_look(hub, present, play.answer_by)
    if present is None:
        return play.answer(ApiCode.TRY_AGAIN)
    if present.state is not State.ACCEPTED:
        return replace(bet_answer(play, present), replay=True)
    recorded = [await hub.journal.find(win.key) for win in wanted.wins]
    rows = tuple(row for row in recorded if row is not None)
    assert len(rows) == len(wanted.wins), "an accepted betwin has all its wins"
    return replace(_answer(play, present, rows), replay=True)


def _answer(play: Play, bet: Transaction, wins: Rows) -> Answer:
    balances = [answered_balance(win) for win in wins]
    known = [balance for balance in balances if balance is not None]
    return Answer(
        code=ApiCode.OK,
        exponent=play.exponent,
        bet=ItemAnswer(guid=bet.guid, balance_minor=bet.balance_minor),
        wins=tuple(ItemAnswer(guid=win.guid, delivered=is_delivered(win)) for win in wins),
        balance_minor=known[-1] if known else bet.balance_minor,
    )
