"""Names to addresses through the operating system, without letting a dead name server hold us up.

Each look-up has a thread of its own, because the event loop's pool of threads is small and shared:
a few agents whose name servers are dead would block all others there. Names that did not answer in
time share a part of the places, and the last good answer bridges a silence; whoever asks checks
its addresses like those of any other answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Final

from meganodes.callbacks.egress import Unresolved

LOOKUPS_MAX: Final = 256
"""Look-ups under way at once; each may hang for as long as the system's own limits allow."""

LOOKUPS_OF_SLOW_NAMES_MAX: Final = 128
"""A name whose last look-up passed the limit gets no place beyond these: the rest is for others."""

KEPT_SECONDS: Final = 60.0
"""A good answer may stand in for a silent name server for so long."""

NAMES_KEPT_MAX: Final = 10_000
"""Good answers that are kept, and names that are remembered as slow."""

LookUp = Callable[[str], tuple[str, ...]]
_Answer = tuple[str, ...] | Unresolved


class _Silence(Unresolved):
    """Nobody has answered, which is not the answer that the name has no address."""


class SystemResolver:
    """Asks the operating system; callers who want the same name at once share one look-up."""

    def __init__(
        self,
        *,
        limit_seconds: float = 2.0,
        patience_seconds: float = 0.5,
        absolute_names: bool = True,
        look_up: LookUp | None = None,
        monotonic: Callable[[], float] | None = None,
    ) -> None:
        """Take the longest wait, and the longest where a good answer is at hand.

        ``patience_seconds`` leaves a bet time to be sent. ``absolute_names`` keeps the machine's
        search domains out: `casino.example` must not become `casino.example.corp`. Installations
        with private targets need their short names and hosts file, and set it to False.
        ``monotonic`` is the event loop's clock by default.
        """
        self._limit_seconds = limit_seconds
        self._patience_seconds = min(patience_seconds, limit_seconds)
        self._absolute_names = absolute_names
        self._look_up = look_up or _ask_system
        self._monotonic = monotonic or (lambda: asyncio.get_running_loop().time())
        self._pending: dict[str, asyncio.Future[_Answer]] = {}
        self._kept: dict[str, tuple[float, tuple[str, ...]]] = {}
        self._slow: dict[str, None] = {}

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Return every address of the name; none within the limit: Unresolved.

        When nobody answers, the last good answer counts, if it is at most a minute old.
        """
        is_kept = self._kept_answer(host) is not None
        try:
            return await self._ask(host, self._patience_seconds if is_kept else self._limit_seconds)
        except _Silence:
            kept = self._kept_answer(host)
            if kept is None:
                raise
            return kept

    def _kept_answer(self, host: str) -> tuple[str, ...] | None:
        moment, addresses = self._kept.get(host, (0.0, None))
        return addresses if self._monotonic() - moment <= KEPT_SECONDS else None

    async def _ask(self, host: str, seconds: float) -> tuple[str, ...]:
        pending = self._pending.get(host) or self._start(host)
        try:
            async with asyncio.timeout(seconds):
                answer = await asyncio.shield(pending)
        except TimeoutError:
            raise _Silence(f"the name {host} was not resolved within {seconds:g} s") from None
        if isinstance(answer, Unresolved):
            raise type(answer)(answer.reason)
        return answer

    def _start(self, host: str) -> asyncio.Future[_Answer]:
        places = LOOKUPS_OF_SLOW_NAMES_MAX if host in self._slow else LOOKUPS_MAX
        if len(self._pending) >= places:
            raise _Silence(f"the name {host} was not looked up: too many look-ups are under way")
        loop = asyncio.get_running_loop()
        pending: asyncio.Future[_Answer] = loop.create_future()
        self._pending[host] = pending
        thread = threading.Thread(
            target=self._work, args=(host, loop, loop.time()), name="name-look-up", daemon=True
        )
        thread.start()
        return pending

    def _work(self, host: str, loop: asyncio.AbstractEventLoop, began: float) -> None:
        name = f"{host}." if self._absolute_names else host
        answer: _Answer
        try:
            answer = self._look_up(name)
        except OSError as error:
            reason = f"the name {host} could not be resolved: {error.strerror or error}"
            is_silence = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
            answer = _Silence(reason) if is_silence else Unresolved(reason)
        with contextlib.suppress(RuntimeError):  # the loop was closed while we waited
            loop.call_soon_threadsafe(self._finish, host, answer, began)

    def _finish(self, host: str, answer: _Answer, began: float) -> None:
        self._note(host, answer, seconds=asyncio.get_running_loop().time() - began)
        self._pending.pop(host).set_result(answer)

    def _note(self, host: str, answer: _Answer, *, seconds: float) -> None:
        self._slow.pop(host, None)
        if seconds > self._limit_seconds:
            self._slow[host] = None
        if not isinstance(answer, _Silence):
            self._kept.pop(host, None)
        if not isinstance(answer, Unresolved):
            self._kept[host] = (self._monotonic(), answer)
        for remembered in (self._slow, self._kept):
            if len(remembered) > NAMES_KEPT_MAX:
                del remembered[next(iter(remembered))]  # the oldest


def _ask_system(name: str) -> tuple[str, ...]:
    # Bytes, because text would go through Python's IDNA mapping; the name is plain ASCII already.
    found = socket.getaddrinfo(name.encode("ascii"), None, type=socket.SOCK_STREAM)
    return tuple(dict.fromkeys(str(address[0]) for *_, address in found))
