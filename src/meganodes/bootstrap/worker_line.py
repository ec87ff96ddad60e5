"""The line between the parent of `serve --workers` and one of its workers: what they say on it.

It is a pair of sockets that both have inherited, a JSON document to a line. Either side may ask the
other; when the line ends, the other side is gone.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress
from enum import StrEnum
from typing import Final

import msgspec

ANSWER_SECONDS: Final = 1.5
"""How long a parent waits for its workers."""
GROUP_ANSWER_SECONDS: Final = 2.5
"""How long a worker waits for its parent, which may have waited for another worker."""
_LINE_BYTES_MAX: Final = 64 * 1024 * 1024


class About(StrEnum):
    """What may be asked: of a worker about itself, of the parent about all of them."""

    METRICS = "metrics"
    HEALTH = "health"


class Ready(msgspec.Struct, frozen=True, kw_only=True, tag="ready"):
    """From a worker: it takes calls. ``node`` is its name in leases and logs."""

    node: str


class Parting(msgspec.Struct, frozen=True, kw_only=True, tag="parting"):
    """From a worker that has drained: its metrics as they were at the end."""

    content: msgspec.Raw


class Stop(msgspec.Struct, frozen=True, kw_only=True, tag="stop"):
    """To a worker: the whole group ends; drain as a hub does that stands alone."""


class Retire(msgspec.Struct, frozen=True, kw_only=True, tag="retire"):
    """To a worker: the others go on; take no new connections and end when yours have."""


class Question(msgspec.Struct, frozen=True, kw_only=True, tag="question"):
    """Wants an `Answer` with the same number."""

    number: int
    about: About


class Answer(msgspec.Struct, frozen=True, kw_only=True, tag="answer"):
    """What was asked for, as JSON."""

    number: int
    content: msgspec.Raw


Message = Ready | Parting | Stop | Retire | Question | Answer
_DECODER: Final = msgspec.json.Decoder(Message)
_ENCODER: Final = msgspec.json.Encoder()


class NoAnswerOnLine(Exception):
    """The other side is gone or too busy."""


class Line:
    """One end of the line. ``answer`` makes what the other side asks for."""

    def __init__(
        self,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        answer: Callable[[About], Awaitable[object]],
        hear: Callable[[Message], None],
    ) -> None:
        """Wrap an open line; `run` has to be running for anything to be heard."""
        self._reader, self._writer = streams
        self._answer = answer
        self._hear = hear
        self._numbers = itertools.count(1)
        self._asked: dict[int, asyncio.Future[bytes]] = {}
        self._answering: set[asyncio.Task[None]] = set()

    def tell(self, message: Message) -> None:
        """Send; to a side that is gone it is lost, which `run` says by ending."""
        if not self._writer.is_closing():
            self._writer.write(_ENCODER.encode(message) + b"\n")

    async def ask(self, about: About, within_seconds: float) -> bytes:
        """Ask the other side and return its answer, JSON. Raises NoAnswerOnLine."""
        number = next(self._numbers)
        asked = self._asked[number] = asyncio.get_running_loop().create_future()
        self.tell(Question(number=number, about=about))
        try:
            return await asyncio.wait_for(asked, within_seconds)
        except TimeoutError:
            raise NoAnswerOnLine(f"no answer about {about.value}") from None
        finally:
            del self._asked[number]

    async def run(self) -> None:
        """Hear and answer until the other side is gone."""
        with suppress(ConnectionError, ValueError):  # a line without end is a defect of its writer
            while text := await self._reader.readline():
                self._take(_DECODER.decode(text))
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(NoAnswerOnLine("the other side is gone"))

    async def close(self) -> None:
        """Send what was told, and end."""
        for answering in tuple(self._answering):
            answering.cancel()
        self._writer.close()
        with suppress(ConnectionError):
            await self._writer.wait_closed()

    def _take(self, message: Message) -> None:
        if isinstance(message, Question):
            task = asyncio.create_task(self._reply(message))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)
        elif isinstance(message, Answer):
            asked = self._asked.get(message.number)
            if asked is not None and not asked.done():
                asked.set_result(bytes(message.content))
        else:
            self._hear(message)

    async def _reply(self, question: Question) -> None:
        content = as_json(await self._answer(question.about))
        self.tell(Answer(number=question.number, content=content))


def as_json(value: object) -> msgspec.Raw:
    """Make the content of a message."""
    return msgspec.Raw(_ENCODER.encode(value))


async def open_line(
    end: socket.socket,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Make streams of one end of the pair."""
    end.setblocking(False)  # noqa: FBT003 - the standard library's own signature
    return await asyncio.open_connection(sock=end, limit=_LINE_BYTES_MAX)
