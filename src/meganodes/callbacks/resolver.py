"""Names to addresses through the operating system, without letting a dead name server hold us up.

Each look-up has a thread of its own, because the event loop's pool of threads is small and shared:
a few agents whose name servers are dead would block all others there.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Final

from meganodes.callbacks.egress import Unresolved

LOOKUPS_MAX: Final = 64
"""Look-ups under way at once; each may hang for as long as the system's own limits allow."""

LookUp = Callable[[str], tuple[str, ...]]
_Answer = tuple[str, ...] | Unresolved


class SystemResolver:
    """Asks the operating system; callers who want the same name at once share one look-up."""

    def __init__(
        self,
        *,
        limit_seconds: float = 2.0,
        absolute_names: bool = True,
        look_up: LookUp | None = None,
    ) -> None:
        """Take the longest wait.

        ``absolute_names`` keeps the machine's search domains out: `casino.example` must not become
        `casino.example.corp`. Installations with private targets need their short names and hosts
        file, and set it to False.
        """
        self._limit_seconds = limit_seconds
        self._absolute_names = absolute_names
        self._look_up = look_up or _ask_system
        self._pending: dict[str, asyncio.Future[_Answer]] = {}

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Return every address of the name; none within the limit: Unresolved."""
        pending = self._pending.get(host)
        if pending is None:
            pending = self._start(host)
        try:
            async with asyncio.timeout(self._limit_seconds):
                answer = await asyncio.shield(pending)
        except TimeoutError:
            raise Unresolved(
                f"the name {host} was not resolved within {self._limit_seconds:g} s"
            ) from None
        if isinstance(answer, Unresolved):
            raise Unresolved(answer.reason)
        return answer

    def _start(self, host: str) -> asyncio.Future[_Answer]:
        if len(self._pending) >= LOOKUPS_MAX:
            raise Unresolved(f"the name {host} was not looked up: too many look-ups are under way")
        loop = asyncio.get_running_loop()
        pending: asyncio.Future[_Answer] = loop.create_future()
        self._pending[host] = pending
        thread = threading.Thread(
            target=self._work, args=(host, loop), name="name-look-up", daemon=True
        )
        thread.start()
        return pending

    def _work(self, host: str, loop: asyncio.AbstractEventLoop) -> None:
        name = f"{host}." if self._absolute_names else host
        answer: _Answer
        try:
            answer = self._look_up(name)
        except OSError as error:
            answer = Unresolved(f"the name {host} could not be resolved: {error.strerror or error}")
        with contextlib.suppress(RuntimeError):  # the loop was closed while we waited
            loop.call_soon_threadsafe(self._finish, host, answer)

    def _finish(self, host: str, answer: _Answer) -> None:
        self._pending.pop(host).set_result(answer)


def _ask_system(name: str) -> tuple[str, ...]:
    # Bytes, because text would go through Python's IDNA mapping; the name is plain ASCII already.
    found = socket.getaddrinfo(name.encode("ascii"), None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))
