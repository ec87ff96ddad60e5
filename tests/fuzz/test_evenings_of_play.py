"""Whole evenings over both doors, made up step by step: what providers were told is what is listed.

Schemathesis finds no links to follow in APIs of commands, so the stateful phase (reliability 3.6)
is a machine of our own: it plays, repeats, cancels, lets backends fail, and compares at the end.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections import Counter
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import hypothesis
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    rule,
    run_state_machine_as_test,
)
from structlog.testing import capture_logs

from tests.support.fuzzing import EXAMPLES, PACE, SEED, SETTINGS
from tests.support.town import FAILING_CENTS, Town, a_town

pytestmark = pytest.mark.thorough
EVENINGS = max(EXAMPLES // 20, 5)
STEPS = 40
QUIET_WITHIN_SECONDS = 60.0
ACCEPTED, CALLBACK_ERROR, CONFLICT, UNKNOWN, CANCELLED, TRY_AGAIN = 0, 1015, 3001, 3003, 3005, 3009
BETS = ["1.00", "0", "0.01", "7.5", *(f"2{cents}" for cents in FAILING_CENTS), "2.50", "2.60"]
WINS = ["0", "0.01", "3.00", "12.3"]

_T = TypeVar("_T")
Fields = dict[str, Any]


class EveningOfPlay(RuleBasedStateMachine):
    """Providers' calls and the agent's, one after the other; the model is what they were told.

    What a step draws never depends on an answer: a busy machine may bring another one next time.
    """

    players = Bundle("players")
    bets = Bundle("bets")
    wins = Bundle("wins")

    def __init__(self) -> None:
        """Build a town of its own."""
        super().__init__()
        self.runner = asyncio.Runner()
        self.stack = AsyncExitStack()
        self.town = self.run(self._built())
        self.numbers = itertools.count(1)
        self.expected: Counter[tuple[int, str, Decimal]] = Counter()
        self.cursor = 0
        self.listed: list[Fields] = []
        for trans_type, amount in ((1, "1.00"), (2, "2.00")):
            self.expected[trans_type, self.town.acme.round_id, Decimal(amount)] += 1

    def run(self, work: Coroutine[Any, Any, _T]) -> _T:
        """Do a piece of work in the machine's own event loop."""
        return self.runner.run(work)

    async def _built(self) -> Town:
        folder = self.stack.enter_context(TemporaryDirectory())
        return await self.stack.enter_async_context(a_town(Path(folder), PACE))

    async def _ask(self, command: str, fields: Fields) -> Fields:
        """Ask as a provider does: a 3009 is repeated until the answer is definite."""
        while True:
            answer: Fields = json.loads((await self.town.ask(command, fields)).body)
            if answer["code"] != TRY_AGAIN:
                return answer

    async def _call(self, path: str, fields: Fields) -> Any:  # noqa: ANN401 - JSON of any kind
        """Call as a casino does; a backend that failed too often is left alone for a while."""
        async with self.town.client() as client, asyncio.timeout(QUIET_WITHIN_SECONDS):
            while True:
                answer = await client.post(f"/v4/{path}", json=fields)
                envelope = json.loads(answer.content, parse_float=Decimal)
                if envelope["code"] != CALLBACK_ERROR:
                    assert envelope["code"] == ACCEPTED, envelope
                    return envelope["data"]
                await self.town.settle()

    # --- the casino and its players --------------------------------------------------------------

    @rule(target=players, name=st.sampled_from(["alice", "bob", "carol"]))
    def a_player_comes(self, name: str) -> str:
        """Make a user known, launch a game, and open it in a browser."""
        return self.run(self._launched(name))

    async def _launched(self, name: str) -> str:
        created = await self._call("user/create", {"name": name})
        wanted = {"user_code": str(created["user_code"]), "provider_id": 7, "game_symbol": "fruits"}
        launched = await self._call("game/game-url", wanted)
        async with self.town.client() as client:
            opened = await client.get(launched["game_url"])
            again = await client.get(launched["game_url"])
        assert (opened.status_code, again.status_code) == (302, 410)
        return str(opened.headers["location"]).split("?s=")[1].split("&")[0]

    @rule()
    def the_casino_reads_on(self) -> None:
        """Read the list by cursor: nothing twice, nothing out of order."""
        self.run(self._read_on())

    async def _read_on(self) -> None:
        while page := await self._call("game/transaction-id", {"last_id": self.cursor, "limit": 3}):
            for item in page:
                assert item["trans_id"] > self.cursor
                self.cursor = item["trans_id"]
            self.listed.extend(page)

    # --- the game --------------------------------------------------------------------------------

    @rule(
        target=bets,
        session=players,
        amount=st.sampled_from(BETS),
        round_id=st.sampled_from(["r1", "r2", "r3"]),
    )
    def a_bet_is_placed(self, session: str, amount: str, round_id: str) -> Fields:
        """Place a bet; of an unknown one both the bet and its undoing are listed."""
        fields = {
            "session": session,
            "transaction_id": f"b{next(self.numbers)}",
            "round_id": round_id,
            "amount": amount,
        }
        code = self._told("bet", fields)["code"]
        if code in {ACCEPTED, UNKNOWN}:
            self._expect(1, fields)
        if code == UNKNOWN:
            self._expect(16, fields)
        return {**fields, "code": code}

    @rule(target=wins, bet=bets, amount=st.sampled_from(WINS))
    def a_win_is_paid(self, bet: Fields, amount: str) -> Fields:
        """Pay a win for a bet, whatever became of it; only recorded ones are listed."""
        fields = {
            "session": bet["session"],
            "transaction_id": f"w{next(self.numbers)}",
            "round_id": bet["round_id"],
            "amount": amount,
            "round_closed": False,
        }
        code = self._told("win", fields)["code"]
        if code == ACCEPTED:
            self._expect(2, fields)
        return {**fields, "code": code}

    @rule(bet=consumes(bets))
    def a_bet_is_cancelled(self, bet: Fields) -> None:
        """Cancel a bet once and once more: the second one changes nothing."""
        fields = {"session": bet["session"], "cancel_transaction_id": bet["transaction_id"]}
        first = self._told("cancel", {**fields, "transaction_id": f"c{next(self.numbers)}"})
        if first["code"] == ACCEPTED and bet["code"] == ACCEPTED:
            self._expect(16, bet)
        second = self._told("cancel", {**fields, "transaction_id": f"c{next(self.numbers)}"})
        assert second["code"] == first["code"]

    @rule(
        session=players,
        stake=st.sampled_from(BETS),
        won=st.lists(st.sampled_from(WINS), min_size=1, max_size=3),
    )
    def a_round_is_one_call(self, session: str, stake: str, won: list[str]) -> None:
        """Bet and win at once; without its bet no win is recorded."""
        round_id = f"whole-{next(self.numbers)}"
        bet = {"transaction_id": f"x{next(self.numbers)}", "amount": stake}
        wins = [{"transaction_id": f"y{next(self.numbers)}", "amount": each} for each in won]
        fields = {"session": session, "round_id": round_id, "bet": bet, "wins": wins}
        code = self._told("betwin", {**fields, "round_closed": True})["code"]
        if code in {ACCEPTED, UNKNOWN}:
            self._expect(1, {**bet, "round_id": round_id})
        if code == UNKNOWN:
            self._expect(16, {**bet, "round_id": round_id})
        for each in wins if code == ACCEPTED else ():
            self._expect(2, {**each, "round_id": round_id})

    @rule(win=wins)
    def a_win_is_repeated(self, win: Fields) -> None:
        """The same request again is answered the same and pays nothing."""
        if win["code"] != ACCEPTED:
            return
        fields = {name: value for name, value in win.items() if name != "code"}
        assert self._told("win", fields)["data"]["replay"] is True
        assert self._told("win", {**fields, "amount": "99"})["code"] == CONFLICT

    @rule(bet=bets)
    def a_bet_is_repeated(self, bet: Fields) -> None:
        """The same request again gets the first answer, or hears that it is being undone."""
        fields = {name: value for name, value in bet.items() if name != "code"}
        answer = self._told("bet", fields)
        assert answer["code"] in {bet["code"], CANCELLED}

    @rule()
    def the_worker_works(self) -> None:
        """Deliver what is due and put what is settled into the lists."""
        self.run(self.town.settle())

    def _told(self, command: str, fields: Fields) -> Fields:
        return self.run(self._ask(command, fields))

    def _expect(self, trans_type: int, fields: Fields) -> None:
        self.expected[trans_type, fields["round_id"], Decimal(fields["amount"])] += 1

    # --- what holds ------------------------------------------------------------------------------

    @invariant()
    def nothing_is_listed_that_nobody_was_told(self) -> None:
        """At every moment the list is a part of what providers know."""
        assert not entries(self.listed) - self.expected

    def teardown(self) -> None:
        """When all is quiet, the list is what providers were told, and the sums are its sums."""
        try:
            self.run(self._all_is_told())
        finally:
            self.run(self.stack.aclose())
            self.runner.close()

    async def _all_is_told(self) -> None:
        async with asyncio.timeout(QUIET_WITHIN_SECONDS):
            while entries(self.listed) != self.expected:
                await self.town.settle()
                await self._read_on()
                await asyncio.sleep(0.005)
        assert len({item["trans_id"] for item in self.listed}) == len(self.listed)
        window = {"start_time": day_of(self.listed[0], 0), "end_time": day_of(self.listed[-1], 2)}
        whole = {**window, "offset": 0, "limit": 2_000}
        assert (await self._call("game/transaction", whole))["list"] == self.listed
        sums = [await self._sums(report, whole) for report in ("user", "game", "day")]
        assert sums[0] == sums[1] == sums[2]
        assert sums[0]["slot_win"] == sum(amount for kind, amount in self._amounts() if kind == 2)

    async def _sums(self, report: str, whole: Fields) -> Counter[str]:
        """Add up a report: users, games and days must come to the same."""
        added: Counter[str] = Counter()
        for row in (await self._call(f"statistics/{report}", whole))["list"]:
            added.update({name: row[name] for name in row if name.endswith(("_bet", "_win"))})
        return added

    def _amounts(self) -> list[tuple[int, Decimal]]:
        return [(item["trans_type"], Decimal(item["trans_amount"])) for item in self.listed]


def day_of(item: Fields, days_later: int) -> str:
    """Name the midnight before a listing, or one some days later."""
    day = date.fromisoformat(item["regdate"][:10]) + timedelta(days=days_later)
    return f"{day} 00:00:00"


def entries(listed: list[Fields]) -> Counter[tuple[int, str, Decimal]]:
    """Count what is listed by kind, round and amount."""
    return Counter(
        (item["trans_type"], item["round_id"], Decimal(item["trans_amount"])) for item in listed
    )


@pytest.mark.reliability("I2", "I9")
def test_what_providers_were_told_is_what_is_listed() -> None:
    machine = hypothesis.seed(SEED)(EveningOfPlay)
    with capture_logs():
        run_state_machine_as_test(
            machine, settings=settings(SETTINGS, max_examples=EVENINGS, stateful_step_count=STEPS)
        )
