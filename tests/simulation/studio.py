"""A provider's servers: rounds of every ending, repeats until a definite word, and bad habits.

A studio believes what it is told and nothing else. What it holds to be true in the end are its
`words`; the judges compare them with the journal and with the operators' books.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from tests.simulation.checkers.evidence import Word
from tests.simulation.history import Answered, Asked, History
from tests.simulation.playing import Company, Doors, Habits, Seat, Sessions
from tests.simulation.wire import amount_text

__all__ = ["Company", "Doors", "Habits", "Seat", "Sessions", "Studio"]

FINAL = frozenset({0, 2002, 2006, 3003, 3004, 3005, 3006, 3007, 3008, 3010})
"""Answers that are recorded with the id (contract 4): a repeat gets the same."""
NOT_TAKEN = frozenset({1002, 1009, 2003, 2013, 3001, 3002})
"""Answers that are final for this request, but leave the id as it was."""
SESSION_INVALID = 3002
_CALLS_PER_PROVIDER = 10_000_000


@dataclass(slots=True, kw_only=True)
class _Deal:
    """One transaction as the studio remembers it."""

    seat: Seat
    kind: str
    transaction_id: str
    round_id: str
    amount_minor: int
    original: str | None = None
    said: list[int] = field(default_factory=list)
    in_doubt: bool = False
    undone: bool = False
    maybe_undone: bool = False


class Studio:
    """One provider. ``words`` is what it holds to be true; ask for them when it has ended."""

    def __init__(
        self,
        company: Company,
        rng: random.Random,
        doors: Doors,
        sessions: Sessions,
        history: History,
    ) -> None:
        """Prepare; nothing is played yet."""
        self.provider_id = company.provider_id
        self._token = company.token
        self._habits = company.habits
        self._rng = rng
        self._doors = doors
        self._sessions = sessions
        self._history = history
        self._calls = 0
        self._ids = 0
        self._deals: dict[tuple[int, str], _Deal] = {}
        self._seats = list(sessions.seats(company.provider_id))

    @property
    def words(self) -> tuple[Word, ...]:
        """Give what it holds to be true of each transaction it asked for."""
        return tuple(self._word(deal) for deal in self._deals.values())

    async def play(self, rounds: int) -> None:
        """Play so many rounds, several at once; each is asked about until it is settled."""
        waiting = list(range(rounds))[::-1]

        async def lane() -> None:
            while waiting:
                number = waiting.pop()
                await self._pause(self._habits.thinking_seconds)
                await self._round(f"r{self.provider_id}-{number}")

        await asyncio.gather(*(lane() for _ in range(self._habits.lanes)))

    # --- rounds -----------------------------------------------------------------------------------

    async def _round(self, round_id: str) -> None:
        rng, habits = self._rng, self._habits
        place = rng.randrange(len(self._seats))
        seat = self._seats[place]
        if rng.random() < habits.prizes:
            await self._prize(seat, round_id)
            return
        if rng.random() < habits.cancels_first:
            await self._cancelled_first(seat, round_id)
            return
        if rng.random() < habits.cancels:
            await rng.choice((self._cancelled_after, self._cancelled_meanwhile))(seat, round_id)
            return
        ways: tuple[Callable[[Seat, str], Awaitable[None]], ...]
        ways = (
            *(self._plain, self._plain, self._plain, self._plain),
            *(self._many, self._many, self._betwin, self._betwin),
            *(self._left_open, self._hasty, self._crossing),
        )
        way = rng.choice(ways)
        if way == self._plain and rng.random() < habits.breaks_off:
            await self._broken_off(place, round_id)
            return
        await way(seat, round_id)

    async def _plain(self, seat: Seat, round_id: str) -> None:
        """One stake; it wins, or the round is closed by a win of nothing."""
        bet = await self._bet(seat, round_id)
        if _is_taken(bet) or self._rng.random() < self._habits.dares:
            won = self._amount(seat) if self._rng.random() < 0.4 else 0
            await self._win(bet, won, closed=True)
            if self._rng.random() < self._habits.cancels_paid:
                await self._cancel(bet)

    async def _prize(self, seat: Seat, round_id: str) -> None:
        """A win without a bet, as some providers may pay."""
        prize = self._deal(seat, "win", round_id, self._amount(seat))
        fields = {**self._bet_fields(prize), "round_closed": True}
        await self._settle(prize, "win", fields)

    async def _broken_off(self, place: int, round_id: str) -> None:
        """The session ends between stake and win: the win is served for ever (contract 4)."""
        seat = self._seats[place]
        bet = await self._bet(seat, round_id)
        self._seats[place] = await self._sessions.renew(seat)
        if _is_taken(bet):
            self._history.reached("2.6-win-after-session-end")
            await self._win(bet, self._amount(seat), closed=True)

    async def _many(self, seat: Seat, round_id: str) -> None:
        """Several stakes and several wins, the last of which closes the round."""
        bets = [await self._bet(seat, round_id) for _ in range(self._rng.randint(2, 3))]
        taken = [bet for bet in bets if _is_taken(bet)]
        if not taken:
            return
        wins = self._rng.randint(1, 3)
        await asyncio.gather(
            *(
                self._win(self._rng.choice(taken), self._amount(seat), named=True)
                for _ in range(wins - 1)
            )
        )
        await self._win(taken[0], self._amount(seat), closed=True)

    async def _betwin(self, seat: Seat, round_id: str) -> None:
        """Stake and wins in one request."""
        bet = self._deal(seat, "bet", round_id, self._amount(seat))
        wins = [
            self._deal(seat, "win", round_id, self._amount(seat), original=bet.transaction_id)
            for _ in range(self._rng.randint(1, 3))
        ]
        fields: dict[str, object] = {
            "round_id": round_id,
            "bet": self._item(bet),
            "wins": [self._item(win) for win in wins],
            "round_closed": True,
        }
        await self._settle(bet, "betwin", fields)
        for win in wins:
            win.said = [0 if code == 0 else 3005 for code in bet.said]
        if not bet.said:
            await self._cancel(bet)

    async def _hasty(self, seat: Seat, round_id: str) -> None:
        """The win is asked for while its stake, or another of its round, is under way."""
        first = await self._bet(seat, round_id) if self._rng.random() < 0.5 else None
        bet = self._deal(seat, "bet", round_id, self._amount(seat))
        asking = asyncio.ensure_future(self._settle(bet, "bet", self._bet_fields(bet)))
        await self._pause((0.0, 0.3))
        self._history.reached("2.6-win-before-decision")
        await self._win(first or bet, self._amount(seat))
        await asking
        if not bet.said:
            await self._cancel(bet)

    async def _crossing(self, seat: Seat, round_id: str) -> None:
        """Cancel and win of one stake at once: one of them, never both."""
        bet = await self._bet(seat, round_id)
        self._history.reached("2.6-win-crosses-cancel")
        await asyncio.gather(self._win(bet, self._amount(seat)), self._cancel(bet))

    async def _left_open(self, seat: Seat, round_id: str) -> None:
        """The studio forgets the round: it is for the report of open rounds."""
        await self._bet(seat, round_id)

    async def _cancelled_after(self, seat: Seat, round_id: str) -> None:
        """A stake that is taken back, by two ids now and then."""
        bet = await self._bet(seat, round_id)
        await self._cancel(bet)
        if self._rng.random() < 0.2:
            await self._cancel(bet)

    async def _cancelled_meanwhile(self, seat: Seat, round_id: str) -> None:
        """The cancel is asked for while the stake is still under way."""
        bet = self._deal(seat, "bet", round_id, self._amount(seat))
        asking = asyncio.ensure_future(self._settle(bet, "bet", self._bet_fields(bet)))
        await self._pause((0.0, 0.3))
        await self._cancel(bet)
        await asking

    async def _cancelled_first(self, seat: Seat, round_id: str) -> None:
        """The cancel overtakes its bet; the bet comes all the same."""
        bet = self._deal(seat, "bet", round_id, self._amount(seat))
        await self._cancel(bet)
        self._history.reached("2.6-bet-cancel-overtakes")
        await self._settle(bet, "bet", self._bet_fields(bet))

    # --- transactions -----------------------------------------------------------------------------

    async def _bet(self, seat: Seat, round_id: str) -> _Deal:
        bet = self._deal(seat, "bet", round_id, self._amount(seat))
        await self._settle(bet, "bet", self._bet_fields(bet))
        if not bet.said and self._rng.random() < 0.7:
            await self._cancel(bet)
        elif self._rng.random() < self._habits.conflicts:
            await self._conflict(bet)
        return bet

    async def _conflict(self, bet: _Deal) -> None:
        """Use the id again for another stake: nothing may come of it."""
        other = self._bet_fields(bet)
        other["amount"] = amount_text(bet.amount_minor + 1, bet.seat.exponent)
        self._history.reached("2.6-bet-same-id-other-content")
        await self._call(bet.seat, "bet", other, None)

    async def _win(
        self, bet: _Deal, amount: int, *, closed: bool = False, named: bool = False
    ) -> None:
        """Pay into a bet's round; ``named``: resting on this very bet."""
        seat, original = bet.seat, bet.transaction_id if named else None
        win = self._deal(seat, "win", bet.round_id, amount, original=original)
        fields: dict[str, object] = {
            "transaction_id": win.transaction_id,
            "round_id": bet.round_id,
            "amount": amount_text(amount, seat.exponent),
            "round_closed": closed,
        }
        if named:
            fields["bet_transaction_id"] = original
        await self._settle(win, "win", fields)

    async def _cancel(self, bet: _Deal) -> None:
        cancel = self._deal(bet.seat, "cancel", bet.round_id, 0, original=bet.transaction_id)
        fields: dict[str, object] = {
            "transaction_id": cancel.transaction_id,
            "cancel_transaction_id": bet.transaction_id,
        }
        await self._settle(cancel, "cancel", fields)
        bet.undone = bet.undone or 0 in cancel.said
        bet.maybe_undone = bet.maybe_undone or not cancel.said

    async def _settle(self, deal: _Deal, command: str, fields: dict[str, object]) -> None:
        """Ask until the answer is definite, or the patience is used up."""
        impatient = self._rng.random() < self._habits.gives_up
        tries = self._rng.randint(1, 3) if impatient else self._habits.patience
        for attempt in range(tries):
            if attempt:
                await self._pause(self._habits.pause_seconds)
            was_undone = deal.undone
            codes = await self._at_once(deal, command, fields)
            final = [code for code in codes if code in FINAL]
            if final or any(code in NOT_TAKEN for code in codes):
                deal.said.extend(final)
                # Asked for after its cancel was confirmed and OK all the same: it is on again.
                deal.undone = deal.undone and not (was_undone and 0 in final)
                return
            deal.in_doubt = True

    async def _at_once(
        self, deal: _Deal, command: str, fields: dict[str, object]
    ) -> list[int | None]:
        nodes = self._habits.nodes
        if self._rng.random() >= self._habits.parallel:
            return [await self._call(deal.seat, command, fields, self._rng.randrange(nodes))]
        copies = self._rng.randint(2, 3)
        return await asyncio.gather(
            *(self._call(deal.seat, command, fields, copy % nodes) for copy in range(copies))
        )

    async def _call(
        self, seat: Seat, command: str, fields: dict[str, object], node: int | None
    ) -> int | None:
        """Make one call; None when nothing can be concluded from it."""
        self._calls += 1
        call = self.provider_id * _CALLS_PER_PROVIDER + self._calls
        history = self._history
        history.append(
            Asked(
                at=history.now(),
                call=call,
                node=node,
                provider_id=self.provider_id,
                agent_id=seat.agent_id,
                gplay_id=seat.gplay_id,
                command=command,
                fields=tuple(fields.items()),
            )
        )
        body = json.dumps({"session": seat.session, **fields}).encode()
        answer = await self._doors.call(node, f"/provider/v1/{command}", body, self._token)
        status, reply = (None, None) if answer is None else answer
        history.append(Answered(at=history.now(), call=call, status=status, body=reply))
        return code_of(status, reply)

    # --- small things -----------------------------------------------------------------------------

    def _deal(
        self, seat: Seat, kind: str, round_id: str, amount: int, original: str | None = None
    ) -> _Deal:
        self._ids += 1
        deal = _Deal(
            seat=seat,
            kind=kind,
            transaction_id=f"{kind[0]}{self._ids}",
            round_id=round_id,
            amount_minor=amount,
            original=original,
        )
        self._deals[seat.agent_id, deal.transaction_id] = deal
        return deal

    def _bet_fields(self, bet: _Deal) -> dict[str, object]:
        return {**self._item(bet), "round_id": bet.round_id}

    def _item(self, deal: _Deal) -> dict[str, object]:
        amount = amount_text(deal.amount_minor, deal.seat.exponent)
        return {"transaction_id": deal.transaction_id, "amount": amount}

    def _amount(self, seat: Seat) -> int:
        """Draw an amount: nothing now and then, odd cents otherwise."""
        if self._rng.random() < 0.03:
            return 0
        return self._rng.randint(1, 5 * 10**seat.exponent)

    async def _pause(self, seconds: tuple[float, float]) -> None:
        await asyncio.sleep(self._rng.uniform(*seconds))

    def _word(self, deal: _Deal) -> Word:
        return Word(
            provider_id=self.provider_id,
            agent_id=deal.seat.agent_id,
            transaction_id=deal.transaction_id,
            kind=deal.kind,
            round_id=deal.round_id,
            amount_minor=deal.amount_minor,
            original=deal.original,
            last=_last_word(deal),
            said=tuple(deal.said),
        )


def code_of(status: int | None, body: bytes | None) -> int | None:
    """Read an answer's code; None when nothing may be concluded (contract 4)."""
    if status != 200 or body is None:
        return None
    try:
        code = json.loads(body)["code"]
    except (ValueError, KeyError, TypeError):
        return None
    return code if isinstance(code, int) and code in FINAL | NOT_TAKEN else None


def _is_taken(bet: _Deal) -> bool:
    return bet.said[-1:] == [0] and not bet.undone


def _last_word(deal: _Deal) -> str:
    if deal.undone:
        return "cancelled"
    if not deal.said:
        return "unsure"
    if deal.said[-1] == 0:
        # A cancel that was never answered may have been taken.
        return "unsure" if deal.maybe_undone else "ok"
    return "refused" if deal.kind == "cancel" else "failed"
