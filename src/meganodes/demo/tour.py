"""The scripted tour: one player, one game, and everything that can go wrong with a bet.

It speaks with the hub through its public doors only, and ends with the comparison of the casino's
ledger, the hub's journal and the studio's record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qs, urlsplit

from meganodes.demo.narrator import Narrator
from meganodes.demo.reading_records import Places, read_records
from meganodes.demo.three_records import Comparison, Sums, compare
from meganodes.demo.tour_calls import TourCalls, TourFault
from meganodes.kit.clock import Clock

ACCOUNT = "ada"
ROUNDS = 20
_DEPOSIT = "100.00"
_STAKE = "1.00"
_BET_DEADLINE_SECONDS = 2
_WIN_REFUSALS = 2
_SETTLED_WITHIN_SECONDS = 30.0


async def run_tour(places: Places, narrator: Narrator, clock: Clock) -> bool:
    """Walk through all steps; True when every step came out and the three records agree."""
    tour = Tour(places, narrator, clock)
    try:
        await tour.meet()
        await tour.launch()
        await tour.play()
        await tour.go_wrong()
        return await tour.compare_records()
    except TourFault as fault:
        narrator.bad(str(fault))
        return False


class Tour:
    """The steps, in order; each raises TourFault when something is not as it should be."""

    def __init__(self, places: Places, narrator: Narrator, clock: Clock) -> None:
        self._calls = TourCalls(places, narrator, clock)
        self._places = places
        self._narrator = narrator
        self._clock = clock
        self._user_code = 0
        self._provider_id = 0
        self._game_code = ""
        self._session = ""

    async def meet(self) -> None:
        """Create the user and show the callback that causes; list what can be played."""
        self._narrator.step(
            "The casino creates a user",
            f"It opens an account of its own with {_DEPOSIT} and tells the hub the name.",
        )
        await self._calls.casino("players", {"account": ACCOUNT, "deposit": _DEPOSIT})
        user = await self._calls.main_api("/v4/user/create", {"name": ACCOUNT})
        self._user_code = user["user_code"]
        self._narrator.say(
            "Before the hub answered it asked the casino whether the account exists:"
        )
        await self._calls.show_callbacks("authenticate")

        self._narrator.step(
            "Providers and games", "The agent sees the providers that were assigned to it."
        )
        providers = await self._calls.main_api("/v4/game/providers", {})
        self._provider_id = providers[0]["provider_id"]
        games = await self._calls.main_api(
            "/v4/game/games", {"provider_id": self._provider_id}, shows_answer=False
        )
        self._game_code = games[0]["game_code"]
        rows = [(game["game_code"], game["game_name"], game["category"]) for game in games]
        self._narrator.table(("code", "name", "category"), rows)

    async def launch(self) -> None:
        """Get a game address, open it as a browser does, and arrive at the studio."""
        self._narrator.step(
            "Launch", "The address is good for ten minutes and for one opening; then the 302."
        )
        fields = {
            "user_code": self._user_code,
            "provider_id": self._provider_id,
            "game_symbol": self._game_code,
        }
        launch = await self._calls.main_api("/v4/game/game-url", fields)
        location = await self._calls.browse(launch["game_url"])
        self._session = parse_qs(urlsplit(location).query)["session"][0]
        page = await self._calls.studio_page(location)
        told = page["authenticate"].get("data", {})
        self._narrator.good(
            f"the game is open: account {told.get('account')}, balance {told.get('balance')}"
        )

    async def play(self) -> None:
        """Play twenty rounds of all styles."""
        self._narrator.step(
            f"{ROUNDS} rounds",
            "Bet and win, both in one call, and now and then a round the studio takes back.",
        )
        before = await self._balance()
        played = await self._calls.play(self._session, ROUNDS, _STAKE)
        rows = [(str(index + 1), *self._round_row(one)) for index, one in enumerate(played)]
        self._narrator.table(("#", "style", "bet", "win", "codes"), rows)
        faults = [one for one in played if any(call["code"] for call in one["calls"])]
        if faults:
            raise TourFault(f"{len(faults)} rounds were not taken")
        self._narrator.good(f"balance {before} before, {await self._balance()} after")

    async def go_wrong(self) -> None:
        """Show the four things every integrator asks about first."""
        await self._stake_too_high()
        await self._time_out()
        await self._win_retried()
        await self._duplicate()

    async def compare_records(self) -> bool:
        """Compare until all is settled, then print the verdict."""
        self._narrator.step(
            "Three records",
            "The casino's ledger, the hub's journal and the studio's record, row by row.",
        )
        comparison = await self._settled()
        rows = [
            ("casino ledger", *self._sums(comparison.casino)),
            ("hub journal", *self._sums(comparison.hub)),
            ("studio record", *self._sums(comparison.studio)),
        ]
        self._narrator.table(("record", "# stakes", "# wins", "# casino keeps"), rows)
        for sentence in comparison.differences:
            self._narrator.bad(sentence)
        for transaction_id in comparison.open_ids:
            self._narrator.bad(f"{transaction_id} is not settled yet")
        if comparison.agrees:
            self._narrator.good(
                f"{comparison.transactions} transactions agree three times, to the cent"
            )
        return comparison.agrees

    async def _stake_too_high(self) -> None:
        self._narrator.step(
            "A bet above the balance", "The casino refuses with 31, the studio is told 2006."
        )
        before = await self._balance()
        (one,) = await self._calls.play(self._session, 1, "5000.00", "bet_win")
        await self._calls.show_callbacks("bet")
        _expect(one["calls"][0]["code"], 2006, "a bet above the balance")
        _expect(await self._balance(), before, "the balance after a refused bet")
        self._narrator.good(f"code 2006, nothing moved, balance {before}")

    async def _time_out(self) -> None:
        self._narrator.step(
            "A backend that is too slow",
            "It takes the stake and answers a second late. The hub cannot know that, so it tells "
            "the studio 3003 (void) and undoes the bet.",
        )
        before = await self._balance()
        delay = {"command": "bet", "fault": "delay", "seconds": _BET_DEADLINE_SECONDS + 1}
        await self._calls.plan(delay)
        (one,) = await self._calls.play(self._session, 1, _STAKE, "bet_win")
        _expect(one["calls"][0]["code"], 3003, "a bet whose answer came too late")
        cancel = await self._calls.await_callback("cancel")
        self._narrator.callback(cancel)
        _expect(await self._balance(), before, "the balance after the cancel")
        self._narrator.good(f"code 3003, the cancel was taken, balance {before} again")

    async def _win_retried(self) -> None:
        self._narrator.step(
            "A win that is refused twice",
            "After 3 s the hub answers the studio (delivered: false) and goes on until it is in.",
        )
        await self._calls.plan({"command": "win", "fault": "refuse", "times": _WIN_REFUSALS})
        (one,) = await self._calls.play(self._session, 1, _STAKE, "bet_win")
        win = one["items"][1]
        self._narrator.say(f"the studio was told: code 0, delivered {win['delivered']}")
        for number in range(_WIN_REFUSALS + 1):
            attempt = await self._calls.await_callback("win")
            self._narrator.say(f"attempt {number + 1}: {attempt['reply']}")
        await self._until_delivered(one["round_id"])
        self._narrator.good("taken at last, and the studio has heard of it by asking `round`")

    async def _duplicate(self) -> None:
        self._narrator.step(
            "A duplicate", "The studio sends the very same bet again, as after a lost answer."
        )
        (one,) = await self._calls.play(self._session, 1, _STAKE, "bet_win")
        before = await self._balance()
        bet = one["items"][0]
        answer = await self._calls.repeat(bet["transaction_id"])
        if answer["data"].get("replay") is not True:
            raise TourFault(f"the repeated bet was not answered from the record: {answer}")
        twice = await self._calls.bets_sent_twice()
        if twice:
            raise TourFault(f"bets were on the wire twice: {', '.join(twice)}")
        _expect(await self._balance(), before, "the balance after a repeated bet")
        self._narrator.good("the first answer again, replay true; the casino never saw it twice")

    async def _until_delivered(self, round_id: str) -> None:
        deadline = self._clock.monotonic() + _SETTLED_WITHIN_SECONDS
        while self._clock.monotonic() < deadline:
            one = await self._calls.round(round_id)
            if all(item["delivered"] is not False for item in one["items"]):
                return
            await self._clock.sleep(0.25)
        raise TourFault(f"round {round_id} was not delivered in {_SETTLED_WITHIN_SECONDS:g} s")

    async def _settled(self) -> Comparison:
        """Compare again until it agrees: the list is at most a second behind, owed money longer."""
        deadline = self._clock.monotonic() + _SETTLED_WITHIN_SECONDS
        while True:
            comparison = compare(await read_records(self._places))
            if comparison.agrees or self._clock.monotonic() > deadline:
                return comparison
            await self._clock.sleep(0.5)

    async def _balance(self) -> str:
        info = await self._calls.main_api(
            "/v4/user/info", {"user_code": self._user_code}, is_quiet=True
        )
        return f"{info['balance']}"

    def _round_row(self, one: Mapping[str, Any]) -> tuple[str, str, str, str]:
        amounts = {item["kind"]: self._calls.amount(item["amount_minor"]) for item in one["items"]}
        codes = " ".join(f"{call['command']} {call['code']}" for call in one["calls"])
        return str(one["style"]), amounts["bet"], amounts.get("win", "-"), codes

    def _sums(self, sums: Sums) -> Sequence[str]:
        amount = self._calls.amount
        return amount(sums.stakes_minor), amount(sums.wins_minor), amount(sums.net_minor)


def _expect(found: object, wanted: object, what: str) -> None:
    if found != wanted:
        raise TourFault(f"{what} is {found}, expected {wanted}")
