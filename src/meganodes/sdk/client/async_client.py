"""The Main API for programs with an event loop, on httpx; every rule is in `conversation`."""

from __future__ import annotations

from typing import Self, TypeVar

from meganodes.sdk.client import calls
from meganodes.sdk.client.async_line import AsyncLine
from meganodes.sdk.client.calls import Call, Window
from meganodes.sdk.client.conversation import Came, NothingCame, Send, Terms, conversation
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
from meganodes.sdk.client.transactions import LIMIT_MAX, AsyncTransactions
from meganodes.sdk.client.waiting_async import sleep

T = TypeVar("T")


class AsyncMegaNodesClient:
    """`MegaNodesClient` for `await`: the same calls, results and errors, for one event loop.

    Raises HttpLibraryMissing where httpx is not installed.
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
        self._line = AsyncLine(read_place(url), timeout_seconds)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_raised: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close all connections."""
        await self._line.close()

    async def agent_info(self) -> KnownAgent:
        """Tell what the hub knows of this agent."""
        return await self._run(calls.agent_info())

    async def callback_test(self) -> CallbackTest:
        """Let the hub call the agent's backend, and tell what came of it."""
        return await self._run(calls.callback_test())

    async def create_user(self, name: str) -> CreatedUser:
        """Make a user known, or find the one of this name; the backend must know the account."""
        return await self._run(calls.create_user(name))

    async def user_info(self, user_code: int) -> UserBalance:
        """Tell a user's name and balance; the hub asks the backend for it."""
        return await self._run(calls.user_info(user_code))

    async def providers(self, lang: int = 1) -> tuple[Provider, ...]:
        """List the providers assigned to the agent."""
        return await self._run(calls.providers(lang))

    async def games(self, provider_id: int, lang: int = 1) -> tuple[Game, ...]:
        """List a provider's games."""
        return await self._run(calls.games(provider_id, lang))

    async def all_games(self, lang: int = 1) -> tuple[Game, ...]:
        """List the games of all providers assigned to the agent."""
        return await self._run(calls.all_games(lang))

    async def game_url(
        self, user_code: int, game: GameKey, *, lang: int = 1, return_url: str = ""
    ) -> str:
        """Give an address that opens a game for a user: once, within ten minutes."""
        return await self._run(calls.game_url(user_code, game, lang, return_url))

    async def round_url(self, user_code: int, round_id: str, game: GameKey | None = None) -> str:
        """Give the address of the page that shows a round, good for an hour."""
        return await self._run(calls.round_url(user_code, round_id, game))

    async def online_games(self) -> tuple[OnlineGame, ...]:
        """List the sessions of the last 30 minutes."""
        return await self._run(calls.online_games())

    def transactions(self, after: int = 0, *, limit: int = LIMIT_MAX) -> AsyncTransactions:
        """Iterate over all settled transactions behind a position, each exactly once, in order.

        Keep the `position` of the last one that you have worked on and begin there next time.
        """
        return AsyncTransactions(
            lambda position: self._run(calls.transactions_after(position, limit)), after, limit
        )

    async def transactions_between(self, window: Window) -> Page[Transaction]:
        """List what was settled in a window."""
        return await self._run(calls.transactions_between(window))

    async def sums_by_user(self, window: Window) -> Page[UserSums]:
        """Add up what was staked and won, by user."""
        return await self._run(calls.sums_by_user(window))

    async def sums_by_game(self, window: Window) -> Page[GameSums]:
        """Add up what was staked and won, by game."""
        return await self._run(calls.sums_by_game(window))

    async def sums_by_day(self, window: Window) -> Page[DaySums]:
        """Add up what was staked and won, by day."""
        return await self._run(calls.sums_by_day(window))

    async def _run(self, call: Call[T]) -> T:
        talk = conversation(call, self._terms)
        happened: Came | NothingCame | None = None
        while True:
            try:
                step = talk.send(happened)
            except StopIteration as ended:
                result: T = ended.value
                return result
            if isinstance(step, Send):
                happened = await self._line.send(step)
            else:
                await sleep(step.seconds)
                happened = None
