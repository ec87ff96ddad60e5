"""Live streams of the Back Office: how many a process bears, and when one has to end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from meganodes.backoffice.page import Visit

STREAMS_MAX: Final = 20
"""Each reads once a second; a page says so when there are more."""
LOOK_SECONDS: Final = 1.0


class Streams:
    """Counts the open live streams of this process."""

    def __init__(self, most: int = STREAMS_MAX) -> None:
        """Allow so many at once."""
        self._most = most
        self._open = 0

    @property
    def is_full(self) -> bool:
        """Say whether one more would be too many."""
        return self._open >= self._most

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place for as long as a stream is open."""
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1


async def looks(visit: Visit) -> AsyncGenerator[None, None]:
    """Let a stream look once a second for as long as its session counts; then it has to end.

    A stream does not keep its session alive: whoever only watches is signed out like anybody else.
    """
    session = visit.own_session
    while True:
        counting = await visit.office.staff.sessions_of(session.staff_id)
        if all(each.session_id != session.session_id for each in counting):
            return
        yield
        await visit.office.hub.clock.sleep(LOOK_SECONDS)
