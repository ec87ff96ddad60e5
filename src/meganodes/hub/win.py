"""One win: recorded durably before any answer, then delivered until it is taken (contract 4)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, assert_never

from meganodes.domain.answers import answered_balance, is_delivered
from meganodes.domain.asked import Answer, AskedWin
from meganodes.domain.round import RoundView, WinVerdict, judge_win, must_wait
from meganodes.domain.transaction import Kind, State, Transaction
from meganodes.hub.deliver import set_out
from meganodes.hub.patience import POLL_SECONDS, next_look
from meganodes.hub.play import Play, Wanted, amount_of, content_digest, new_movement
from meganodes.hub.recording import commit_surely
from meganodes.journal.store import (
    Change,
    Committed,
    Insert,
    KeyTaken,
    RoundMoved,
    RoundStep,
    StoreUnavailable,
)
from meganodes.kit.logging import get_logger
from meganodes.protocol.codes import ApiCode

if TYPE_CHECKING:
    from meganodes.directory.records import Game
    from meganodes.hub.core import Hub

log = get_logger("hub.win")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What a win rests on, as read together: its round, and the named bet's when it names one."""

    view: RoundView
    named_view: RoundView | None
    bets: tuple[Transaction, ...]

    @property
    def game_code(self) -> str | None:
        """The game of the bet it rests on; a win names none itself."""
        accepted = [bet for bet in self.bets if bet.state is State.ACCEPTED]
        return (accepted or self.bets)[0].game_code if self.bets else None


async def pay_win(hub: Hub, play: Play, asked: AskedWin) -> Answer:
    """Record a win and answer when it is delivered, or in time with ``delivered`` false."""
    amount_minor = amount_of(play, "amount", asked.amount)
    if isinstance(amount_minor, Answer):
        return amount_minor
    opened = None
    while opened is None:
        opened = await _judge_and_open(hub, play, asked, amount_minor)
    if isinstance(opened, Answer):
        return opened
    return win_answer(play, await until_delivered(hub, play, opened))


async def _judge_and_open(
    hub: Hub, play: Play, asked: AskedWin, amount_minor: int
) -> Transaction | Answer | None:
    """Record the win if its round allows it; None when the round went on meanwhile."""
    ground = await _ground(hub, play, asked)
    row = _intent(hub, play, asked, amount_minor, ground)
    if row is None:
        return play.answer(ApiCode.GAME_NOT_FOUND)
    verdict = judge_win(ground.bets, wins_without_bet=play.provider.wins_without_bet)
    if verdict is not WinVerdict.ALLOWED:
        return await _not_allowed(hub, play, row, verdict)
    opened = await _open(hub, asked, row, ground)
    if isinstance(opened, KeyTaken):
        return await replay_win(hub, play, opened.row, row.content)
    return opened


async def _ground(hub: Hub, play: Play, asked: AskedWin) -> Ground:
    key = play.round_key(asked.round_id)
    if asked.bet_transaction_id is None:
        view = await hub.journal.round(key)
        return Ground(view=view, named_view=None, bets=view.bets)
    bet = await hub.journal.find(play.key(asked.bet_transaction_id))
    view = await hub.journal.round(key)
    if bet is None or bet.kind is not Kind.BET or bet.user_code != play.session.user_code:
        return Ground(view=view, named_view=None, bets=())
    if bet.round_key == key or bet.state is State.TOMBSTONE:
        return Ground(view=view, named_view=None, bets=_now(view, bet))
    named = await hub.journal.round(bet.round_key)
    return Ground(view=view, named_view=named, bets=_now(named, bet))


def _now(view: RoundView, bet: Transaction) -> tuple[Transaction, ...]:
    """Give the bet as the view saw it, so that the view's seq guards exactly this state."""
    return tuple(row for row in view.bets if row.trans_id == bet.trans_id) or (bet,)


def _intent(
    hub: Hub, play: Play, asked: AskedWin, amount_minor: int, ground: Ground
) -> Transaction | None:
    game_code = ground.game_code or play.session.game_code
    game = game_for_record(hub, play, game_code)
    if game is None:
        return None
    wanted = Wanted(
        kind=Kind.WIN,
        transaction_id=asked.transaction_id,
        round_id=asked.round_id,
        amount_minor=amount_minor,
        bet_transaction_id=asked.bet_transaction_id,
        # Not the game: the request names none, and what the round says of it may change.
        content=content_digest(
            Kind.WIN,
            play.session.user_code,
            asked.round_id,
            amount_minor,
            asked.bet_transaction_id,
        ),
    )
    return new_movement(hub, play, game, wanted)


def game_for_record(hub: Hub, play: Play, game_code: str) -> Game | None:
    """Find a game, else the session's own: a win never fails for a removed title."""
    provider_id = play.provider.provider_id
    return hub.directory.game(provider_id, game_code) or hub.directory.game(
        provider_id, play.session.game_code
    )


async def _not_allowed(
    hub: Hub, play: Play, row: Transaction, verdict: WinVerdict
) -> Answer | None:
    """Answer a win its round does not allow; None when its bets were undecided and time is left."""
    known = await hub.journal.find(row.key)
    if known is not None:
        return await replay_win(hub, play, known, row.content)
    code = ApiCode.ROUND_NOT_FOUND
    match verdict:
        case WinVerdict.ALL_UNDONE:
            code = ApiCode.TRANSACTION_CANCELLED
        case WinVerdict.UNDECIDED:
            left = play.answer_by - hub.clock.monotonic()
            if left > 0:
                await hub.clock.sleep(min(left, POLL_SECONDS))
                return None
            code = ApiCode.TRY_AGAIN
        case WinVerdict.NO_BET | WinVerdict.ALLOWED:
            pass
        case _:
            assert_never(verdict)
    log.error(
        "win_not_recorded",
        alarm=verdict.value,
        agent_id=row.agent_id,
        provider_id=row.provider_id,
        trans_guid=row.guid,
        code=int(code),
    )
    return play.answer(code)


async def _open(
    hub: Hub, asked: AskedWin, row: Transaction, ground: Ground
) -> Transaction | KeyTaken | None:
    """Record the win while its round is still what was judged; None: it went on, judge again."""
    insert = win_insert(hub, row, may_send=not must_wait(ground.view.bets))
    steps = [
        RoundStep(
            key=row.round_key,
            expected_seq=ground.view.seq,
            wins=1,
            close=asked.round_closed,
        )
    ]
    if ground.named_view is not None:
        steps.append(
            RoundStep(key=ground.named_view.key, expected_seq=ground.named_view.seq, wins=1)
        )
    change = Change(at_ms=row.created_at_ms, inserts=(insert,), rounds=tuple(steps))
    result = await commit_surely(hub, change)
    if isinstance(result, KeyTaken):
        return result if result.row.trans_id != row.trans_id else result.row
    if isinstance(result, RoundMoved):
        return None
    assert isinstance(result, Committed), result
    set_out(hub, change, result, owed=1)
    return result.rows[0]


def win_insert(hub: Hub, row: Transaction, *, may_send: bool) -> Insert:
    """Make the insert of an owed win, claimed for its first attempt if it may set out now."""
    if not may_send or hub.gateway.is_open(row.agent_id):
        return Insert(row=row, cause="owed")
    return Insert(
        row=replace(row, attempts=1),
        cause="owed, first attempt claimed",
        lease_ms=hub.settings.delivery_lease_ms,
    )


async def until_delivered(hub: Hub, play: Play, row: Transaction) -> Transaction:
    """Follow a row until nothing is owed, the circuit is open, or the answer is due."""
    try:
        while not is_delivered(row) and not hub.gateway.is_open(row.agent_id):
            present = await next_look(hub, row, play.answer_by)
            if present is None:
                break
            row = present
    except StoreUnavailable:
        # It is recorded, that is what counts: the answer says that it is still owed.
        log.warning("row_not_followed", trans_guid=row.guid)
    return row


async def replay_win(hub: Hub, play: Play, row: Transaction, content: str) -> Answer:
    """Answer a repeated win: ``delivered`` and ``balance`` are as the row is now."""
    if row.content != content:
        return play.answer(ApiCode.TRANSACTION_CONFLICT)
    present = await hub.journal.fetch(row.agent_id, row.trans_id)
    return replace(win_answer(play, present or row), replay=True)


def win_answer(play: Play, row: Transaction) -> Answer:
    """Answer a recorded win from its row."""
    return Answer(
        code=ApiCode.OK,
        exponent=play.exponent,
        guid=row.guid,
        balance_minor=answered_balance(row),
        delivered=is_delivered(row),
    )
