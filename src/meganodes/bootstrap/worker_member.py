"""A worker's place in its group: what it tells its parent, and what it may ask of it.

A process that serves alone has none of this.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec

from meganodes.bootstrap.worker_line import (
    GROUP_ANSWER_SECONDS,
    About,
    Line,
    Message,
    NoAnswerOnLine,
    Parting,
    Ready,
    Retire,
    as_json,
    open_line,
)
from meganodes.bootstrap.worker_metrics import Family
from meganodes.kit.logging import get_logger

_FAMILIES: Final = msgspec.json.Decoder(list[Family])
_CHECKS: Final = msgspec.json.Decoder(dict[str, bool])

log = get_logger("bootstrap.worker_member")


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Where a worker stands: its seat in the group, and what it has inherited (descriptors)."""

    seat: int
    listener: int
    line: int

    @classmethod
    def read(cls, text: str) -> Post:
        """Read what `write` has made. Raises ValueError."""
        seat, listener, line = (int(part) for part in text.split(","))
        return cls(seat=seat, listener=listener, line=line)

    def write(self) -> str:
        """Make a word of a command line."""
        return f"{self.seat},{self.listener},{self.line}"


class Ends(Protocol):
    """What can be told to end: the listener."""

    def stop(self) -> None:
        """Drain, as the last one there is."""

    def retire(self) -> None:
        """Drain, while others go on."""


Answers = Mapping[About, Callable[[], Awaitable[object]]]


class Member:
    """One worker of a group, seen from inside it."""

    def __init__(
        self, seat: int, streams: tuple[asyncio.StreamReader, asyncio.StreamWriter]
    ) -> None:
        """Take the open line to the parent."""
        self.seat = seat
        self._line = Line(streams, self._answer, self._hear)
        self._answers: Answers = {}
        self._ends: Ends | None = None
        self._has_parent = True
        self._told_to_retire = False
        self._hearing = asyncio.create_task(self._listen())

    def serves(self, node: str, ends: Ends, answers: Answers) -> None:
        """Tell the parent that this worker takes calls, and what can be asked of it."""
        self._ends, self._answers = ends, answers
        self._line.tell(Ready(node=node))
        if not self._has_parent:
            ends.stop()
        elif self._told_to_retire:
            ends.retire()

    async def group_metrics(self) -> list[Family]:
        """Ask for the metrics of all workers together. Raises NoAnswerOnLine."""
        return _FAMILIES.decode(await self._line.ask(About.METRICS, GROUP_ANSWER_SECONDS))

    async def group_health(self) -> dict[str, bool]:
        """Ask how all workers are; what nobody answers is not well."""
        try:
            return _CHECKS.decode(await self._line.ask(About.HEALTH, GROUP_ANSWER_SECONDS))
        except NoAnswerOnLine:
            return {"workers": False}

    async def part(self) -> None:
        """Leave the last metrics with the parent: what was counted here stays counted."""
        if About.METRICS in self._answers:
            content = as_json(await self._answers[About.METRICS]())
            self._line.tell(Parting(content=content))

    async def close(self) -> None:
        """Hang up."""
        self._hearing.cancel()
        with suppress(asyncio.CancelledError):
            await self._hearing
        await self._line.close()

    async def _answer(self, about: About) -> object:
        answer = self._answers.get(about)
        return None if answer is None else await answer()

    def _hear(self, message: Message) -> None:
        if isinstance(message, Retire):
            self._told_to_retire = True
            if self._ends is not None:
                self._ends.retire()
        elif self._ends is not None:
            self._ends.stop()

    async def _listen(self) -> None:
        await self._line.run()
        log.warning("parent_gone")
        self._has_parent = False
        if self._ends is not None:
            self._ends.stop()


@asynccontextmanager
async def a_member(post: Post | None) -> AsyncIterator[Member | None]:
    """Open the line to the parent of a worker; who serves alone has none."""
    if post is None:
        yield None
        return
    member = Member(post.seat, await open_line(socket.socket(fileno=post.line)))
    try:
        yield member
    finally:
        await member.close()
