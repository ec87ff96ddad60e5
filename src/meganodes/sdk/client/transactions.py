"""The agent's settled transactions as iterators that go on where they were (contract 2.2)."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Final

from meganodes.sdk.client.results import Transaction

LIMIT_MAX: Final = 2000
"""Most transactions of one call (contract 2.2)."""


class _Reading:
    """What has been fetched and not given out yet. ``position`` is that of the last one given."""

    def __init__(self, after: int, limit: int) -> None:
        if after < 0 or not 1 <= limit <= LIMIT_MAX:
            raise ValueError(f"a position is 0 or more, a limit 1 to {LIMIT_MAX}")
        self.position = after
        self._limit = limit
        self._waiting: deque[Transaction] = deque()
        self._is_caught_up = False

    def _wants_more(self) -> bool:
        return not self._waiting and not self._is_caught_up

    def _take_in(self, fetched: tuple[Transaction, ...]) -> None:
        self._waiting.extend(fetched)
        self._is_caught_up = len(fetched) < self._limit

    def _give_out(self) -> Transaction | None:
        if not self._waiting:
            self._is_caught_up = False  # the next loop asks again
            return None
        given = self._waiting.popleft()
        self.position = given.position
        return given


class Transactions(_Reading):
    """Iterates until it has caught up; a later loop over it goes on with what is new.

    When a call fails, its error comes out of the loop and nothing is lost: loop again.
    """

    def __init__(
        self, fetch: Callable[[int], tuple[Transaction, ...]], after: int, limit: int
    ) -> None:
        super().__init__(after, limit)
        self._fetch = fetch

    def __iter__(self) -> Iterator[Transaction]:
        return self

    def __next__(self) -> Transaction:
        if self._wants_more():
            self._take_in(self._fetch(self.position))
        given = self._give_out()
        if given is None:
            raise StopIteration
        return given


class AsyncTransactions(_Reading):
    """The same for `async for`."""

    def __init__(
        self, fetch: Callable[[int], Awaitable[tuple[Transaction, ...]]], after: int, limit: int
    ) -> None:
        super().__init__(after, limit)
        self._fetch = fetch

    def __aiter__(self) -> AsyncIterator[Transaction]:
        return self

    async def __anext__(self) -> Transaction:
        if self._wants_more():
            self._take_in(await self._fetch(self.position))
        given = self._give_out()
        if given is None:
            raise StopAsyncIteration
        return given
