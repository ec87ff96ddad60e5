"""One worker of a group as its parent sees it: a process, and the line to it."""

from __future__ import annotations

import asyncio
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final

from meganodes.bootstrap.worker_line import (
    ANSWER_SECONDS,
    About,
    Line,
    Message,
    NoAnswerOnLine,
    Parting,
    Ready,
    Retire,
    Stop,
    open_line,
)
from meganodes.bootstrap.worker_member import Post

_SIGNAL_BASE: Final = 128
"""A shell says so what a signal has ended: 128 and the signal's number."""


class WorkerProcess:
    """Made by `start_worker`. ``number`` is never used again, ``seat`` is its predecessor's."""

    def __init__(self, number: int, seat: int, process: asyncio.subprocess.Process) -> None:
        """Take a process that was started."""
        self.number = number
        self.seat = seat
        self.node = ""
        self.parting: bytes | None = None
        self.started_at = 0.0
        """A moment of the monotonic clock."""
        self._is_leaving = False
        self._process = process
        self._ready = asyncio.Event()
        self._line: Line | None = None
        self._life: asyncio.Task[int]

    @property
    def pid(self) -> int:
        """Its number among the processes of this machine."""
        return self._process.pid

    @property
    def has_served(self) -> bool:
        """Whether it has taken calls, however it is now."""
        return self._ready.is_set()

    @property
    def is_serving(self) -> bool:
        """Whether it takes new calls."""
        return self.has_served and not self._is_leaving and self._process.returncode is None

    def begin(
        self,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        answer: Callable[[About], Awaitable[object]],
    ) -> None:
        """Begin to listen to it and to wait for its end."""
        self._line = Line(streams, answer, self._hear)
        self._life = asyncio.create_task(self._live(self._line))

    async def ready(self, within_seconds: float) -> bool:
        """Wait until it takes calls; False when it ends first. One that is too slow is killed."""
        waiting = asyncio.create_task(self._wait_until_ready())
        both = {waiting, self._life}
        try:
            await asyncio.wait(both, timeout=within_seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
        if self.has_served and not self._life.done():
            return True
        if not self._life.done():
            self.kill()
        await self.ended()
        return False

    async def _wait_until_ready(self) -> int:
        await self._ready.wait()
        return 0

    async def ended(self) -> int:
        """Wait for its end and return its exit status, 128 and more for a signal's number."""
        status = await asyncio.shield(self._life)
        return status if status >= 0 else _SIGNAL_BASE - status

    async def ask(self, about: About) -> bytes | None:
        """Ask it; None when it does not answer in time."""
        assert self._line is not None, "begun"
        try:
            return await self._line.ask(about, ANSWER_SECONDS)
        except NoAnswerOnLine:
            return None

    def stop(self) -> None:
        """Tell it that the group ends. One that does not serve yet has nothing to drain."""
        self._is_leaving = True
        if self._ready.is_set():
            self._tell(Stop())
        else:
            self._signal(signal.SIGTERM)

    def retire(self) -> None:
        """Tell it that another one has taken its place."""
        self._is_leaving = True
        self._tell(Retire())

    def kill(self) -> None:
        """End it without a warning."""
        self._signal(signal.SIGKILL)

    def _tell(self, message: Message) -> None:
        assert self._line is not None, "begun"
        self._line.tell(message)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            self._process.send_signal(number)

    def _hear(self, message: Message) -> None:
        if isinstance(message, Ready):
            self.node = message.node
            self._ready.set()
        elif isinstance(message, Parting):
            self.parting = bytes(message.content)

    async def _live(self, line: Line) -> int:
        hearing = asyncio.create_task(line.run())
        status = await self._process.wait()
        await hearing  # what it said last
        await line.close()
        return status


async def start_worker(
    number_and_seat: tuple[int, int],
    listener: socket.socket,
    command: Sequence[str],
    answer: Callable[[About], Awaitable[object]],
) -> WorkerProcess:
    """Start a worker for a seat, with the listening socket; it takes no calls yet.

    It has a process group of its own: what a terminal sends is for the parent.
    """
    number, seat = number_and_seat
    here, there = socket.socketpair()
    with there:
        told = Post(seat=seat, listener=listener.fileno(), line=there.fileno()).write()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", *command, "--post", told),
            stdin=asyncio.subprocess.DEVNULL,
            pass_fds=(listener.fileno(), there.fileno()),
            process_group=0,
        )
    worker = WorkerProcess(number, seat, process)
    worker.begin(await open_line(here), answer)
    return worker
