"""The Main API for programs of plain functions, on the standard library alone."""

from __future__ import annotations

from typing import Self, TypeVar

from meganodes.sdk.client import calls
from meganodes.sdk.client.calls import Call, Window
from meganodes.sdk.client.conversation import Came, NothingCame, Send, Terms, conversation
from meganodes.sdk.client.line import Line
from meganodes.sdk.client.place import read_place
from meganodes.sdk.client.results import (
    CallbackTest,
    CreatedUser,
    DaySums,
    Game,
    GameKey,
    GameSums,
    KnownAgent,
    OnlineGame,
    Page,
    Provider,
    Transaction,
    UserBalance,
    UserSums,
)
from meganodes.sdk.client.transactions import LIMIT_MAX, Transactions
from meganodes.sdk.client.waiting import sleep

T = TypeVar("T")


class MegaNodesClient:
    """Calls the Main API of one hub for one agent. Safe for many threads; close it at the end.

    ``url`` is the hub's address (https://hub.example), ``currency_exponent`` the decimals of the
    agent's currency. A call is attempted up to ``attempts_max`` times where that cannot do harm.
    Every method raises a ClientError (see `meganodes.sdk.client.errors`).
    """

    def __init__(
        self,
        url: str,
        api_token: str,
        *,
        currency_exponent: int = 2,
        timeout_seconds: float = 10.0,
        attempts_max: int = 3,
    ) -> None:
        self._terms = Terms(
            api_token=api_token, currency_exponent=currency_exponent, attempts_max=attempts_max
        )
        self._line = Line(read_place(url), timeout_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self._line.close()

    def agent_info(self) -> KnownAgent:
        """Tell what the hub knows of this agent."""
        return self._run(calls.agent_info())

    def callback_test(self) -> CallbackTest:
        """Let the hub call the agent's backend, and tell what came of it."""
        return self._run(calls.callback_test())

    def create_user(self, name: str) -> CreatedUser:
        """Make a user known, or find the one of this name; the backend must know the account."""
        return self._run(calls.create_user(name))

    def user_info(self, user_code: int) -> UserBalance:
        """Tell a user's name and balance; the hub asks the backend for it."""
        return self._run(calls.user_info(user_code))

    def providers(self, lang: int = 1) -> tuple[Provider, ...]:
        """List the providers assigned to the agent."""
        return self._run(calls.providers(lang))

    def games(self, provider_id: int, lang: int = 1) -> tuple[Game, ...]:
        """List a provider's games."""
        return self._run(calls.games(provider_id, lang))

    def all_games(self, lang: int = 1) -> tuple[Game, ...]:
        """List the games of all providers assigned to the agent."""
        return self._run(calls.all_games(lang))

    def game_url(
        self, user_code: int, game: GameKey, *, lang: int = 1, return_url: str = ""
    ) -> str:
        """Give an address that opens a game for a user: once, within ten minutes."""
        return self._run(calls.game_url(user_code, game, lang, return_url))

    def round_url(self, user_code: int, round_id: str, game: GameKey | None = None) -> str:
        """Give the address of the page that shows a round, good for an hour."""
        return self._run(calls.round_url(user_code, round_id, game))

    def online_games(self) -> tuple[OnlineGame, ...]:
        """List the sessions of the last 30 minutes."""
        return self._run(calls.online_games())

    def transactions(self, after: int = 0, *, limit: int = LIMIT_MAX) -> Transactions:
        """Iterate over all settled transactions behind a position, each exactly once, in order.

        Keep the `position` of the last one that you have worked on and begin there next time.
        """
        return Transactions(
            lambda position: self._run(calls.transactions_after(position, limit)), after, limit
        )

    def transactions_between(self, window: Window) -> Page[Transaction]:
        """List what was settled in a window."""
        return self._run(calls.transactions_between(window))

    def sums_by_user(self, window: Window) -> Page[UserSums]:
        """Add up what was staked and won, by user."""
        return self._run(calls.sums_by_user(window))

    def sums_by_game(self, window: Window) -> Page[GameSums]:
        """Add up what was staked and won, by game."""
        return self._run(calls.sums_by_game(window))

    def sums_by_day(self, window: Window) -> Page[DaySums]:
        """Add up what was staked and won, by day."""
        return self._run(calls.sums_by_day(window))

    def _run(self, call: Call[T]) -> T:
        talk = conversation(call, self._terms)
        happened: Came | NothingCame | None = None
        while True:
            try:
                step = talk.send(happened)
            except StopIteration as ended:
                result: T = ended.value
                return result
            if isinstance(step, Send):
                happened = self._line.send(step)
            else:
                sleep(step.seconds)
                happened = None
