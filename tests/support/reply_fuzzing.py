"""One made-up answer of a backend, read as the hub reads it, and everything that must hold (3.5).

An input is two bytes of choices and then bytes of an answer. Nothing here knows who makes the
inputs: a fuzzer that follows coverage, seeded mutations, or what was found before.
"""

from __future__ import annotations

import resource
import time
import tracemalloc
from dataclasses import dataclass
from typing import Final

from meganodes.callbacks.interpret import interpret
from meganodes.callbacks.reader import ReplyReader
from meganodes.domain.outcome import Outcome, Unknown
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.replies import HttpReply, Question, read_reply
from tests.support.hostile_backend import http
from tests.support.reply_oracle import NoAnswer, meaning, whole_reply

CPU_MAX_SECONDS: Final = 0.05
MEMORY_MAX_BYTES: Final = 8 * 1024 * 1024
NOTABLE_GROWTH_BYTES: Final = 1024 * 1024
"""When the process has grown so much, the last readings are repeated with every byte counted."""

LOOKED_AT_EVERY: Final = 64
COUNTED_EVERY: Final = 2_000
PIECES_MAX: Final = 64
DOUBLINGS: Final = 13
"""A part of an answer is doubled up to so often, less one: to 4,096 times 64 bytes."""

ACCOUNT: Final = "player_1"

QUESTIONS: Final = tuple(
    Question(
        command=command,
        revision=revision,
        account=ACCOUNT,
        exponent=exponent,
        overdraft_allowed=exponent == 8,
    )
    for command in Command
    for revision in Revision
    for exponent in (0, 2, 8)
)

# Choices of the second byte.
RAW = 1
IN_PIECES = 2
MADE_OF_VALUES = 4
ENDED = 8
REPEATED = 0xF0
"""All four bits together, so that of made-up bytes one in sixteen has them: long answers cost."""


VALUES: Final = (
    b"0", b"0", b"0", b"0", b'"0"', b"21", b"22", b"31", b"41", b"42", b"43", b"99", b"100", b"-0",
    b"0.0", b"false", b"true", b"null", b'"OK"', b'"OK"', b'"ok"', b'"ERROR"', b'"ERROR"',
    b'"error"',
    b'"CANCELED"', b'"player_1"', b'"player_1"', b'"player_2"', b"12.50", b"100.00", b"12.509",
    b"-1",
    b'"12.50"', b'"1,234.50"', b"1e3", b"1e400", b"NaN", b"9007199254740991", b"9007199254740992",
    b'"\\ud800"', b'"\\u0070layer_1"', b"{}", b"[]", b"[0]", b'{"play":true,"max_bet":1.5}',
    b'{"play":0}', b'{"session_minutes":9}', b"99999999999999999999999999999999999999999",
)  # fmt: skip
_MADE: Final = (
    b'{"result":%b,"status":%b,"data":{"account":%b,"balance":%b,"trans_status":%b,'
    b'"permissions":%b}%b}'
)


def an_input(question: int, choices: int, answer: bytes) -> bytes:
    """Write an input: which of `QUESTIONS`, how the answer comes, and the answer."""
    return bytes((question, choices)) + answer


@dataclass(slots=True)
class Measured:
    """What all answers together took. ``definite`` counts the answers that meant something."""

    executions: int = 0
    complete: int = 0
    definite: int = 0
    slowest_seconds: float = 0.0
    counted: int = 0
    most_bytes: int = 0

    def __str__(self) -> str:
        return (
            f"{self.executions} answers, {self.complete} whole, {self.definite} definite;"
            f" slowest {self.slowest_seconds * 1000:.1f} ms by the clock,"
            f" most memory {self.most_bytes / 1024:.0f} KiB of {self.counted} counted"
        )


class ReplyFuzz:
    """Reads inputs one after the other; AssertionError for the first thing that must not be."""

    def __init__(self) -> None:
        self.measured = Measured()
        self._recent: list[bytes] = []
        self._size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.slow: dict[bytes, float] = {}
        """Inputs that took long by the clock; where code is watched it is five times slower."""

    def one(self, data: bytes) -> None:
        """Read one input, time it, and compare what came out with the oracle."""
        if len(data) < 2:
            return
        measured = self.measured
        measured.executions += 1
        began = time.perf_counter()
        read = Read(data)
        seconds = time.perf_counter() - began
        if seconds > CPU_MAX_SECONDS:
            self.slow[data] = seconds
        measured.slowest_seconds = max(measured.slowest_seconds, seconds)
        measured.complete += read.http_reply is not None
        measured.definite += not isinstance(read.outcome, Unknown)
        read.hold()
        self._recent.append(data)
        if measured.executions % LOOKED_AT_EVERY == 0:
            self._look_at_memory()

    def _look_at_memory(self) -> None:
        size = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if (size - self._size) * 1024 > NOTABLE_GROWTH_BYTES:
            for data in self._recent:
                self._count_bytes(data)
        elif self.measured.executions % COUNTED_EVERY < LOOKED_AT_EVERY:
            self._count_bytes(self._recent[-1])
        self._size = size
        self._recent.clear()

    def _count_bytes(self, data: bytes) -> None:
        tracemalloc.start()
        Read(data)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak <= MEMORY_MAX_BYTES, f"took {peak} bytes"
        self.measured.counted += 1
        self.measured.most_bytes = max(self.measured.most_bytes, peak)


def least_seconds(data: bytes) -> float:
    """Read it five times: what is slow by itself, and not by its neighbours, is slow each time."""
    least = 1e9
    for _ in range(5):
        began = time.thread_time_ns()
        Read(data)
        least = min(least, (time.thread_time_ns() - began) / 1e9)
    return least


class Read:
    """An input and what the hub makes of it: the product's own path, without a socket."""

    def __init__(self, data: bytes) -> None:
        self.asked = QUESTIONS[data[0] % len(QUESTIONS)]
        self.is_ended = bool(data[1] & ENDED)
        raw = _raw(data)
        step = 1 + data[0] if data[1] & IN_PIECES else len(raw) or 1
        step = max(step, len(raw) // PIECES_MAX)
        reader = self.reader = ReplyReader()
        for at in range(0, len(raw), step):
            reader.feed(raw[at : at + step])
            if reader.fault is not None or reader.complete:
                break
        if self.is_ended:
            reader.close()
        self.http_reply: HttpReply | None = None
        self.outcome: Outcome = Unknown(reason=reader.fault or reader.missing_at_close())
        if reader.complete and reader.fault is None:
            self.http_reply = reader.reply()
            self.reply = read_reply(self.asked, self.http_reply)
            self.outcome = interpret(self.asked.command, self.reply)

    def hold(self) -> None:
        """Compare with the oracle: whole only if it says so, definite only if it agrees."""
        if isinstance(self.outcome, Unknown):
            assert self.outcome.reason.isprintable(), self.outcome.reason
        if self.http_reply is None:
            assert isinstance(self.outcome, Unknown)
            return
        self._hold_framing(self.http_reply)
        if isinstance(self.outcome, Unknown):
            return
        meant = meaning(self.asked, self.http_reply)
        assert meant is not None, f"{self.outcome} is no answer at all"
        assert meant.kind == type(self.outcome).__name__.lower(), (meant, self.outcome)
        assert self.reply.balance_minor in {None, meant.balance_minor}, (meant, self.reply)

    def _hold_framing(self, http_reply: HttpReply) -> None:
        raw = self.reader.raw
        whole = _whole(raw, ended=self.is_ended)
        if whole is None and self.reader.keep_seconds(3.0, 60.0) == 0:
            # Empty lines after a reply belong to nothing; the connection is not used again.
            while whole is None and raw.endswith((b"\r", b"\n")):
                raw = raw[:-1]
                whole = _whole(raw, ended=self.is_ended)
        assert whole is not None, f"no whole reply: {raw[:300]!r}"
        assert whole == http_reply, (whole, http_reply)


def _whole(raw: bytes, *, ended: bool) -> HttpReply | None:
    try:
        return whole_reply(raw, ended=ended)
    except NoAnswer:
        return None


def _raw(data: bytes) -> bytes:
    answer = data[2:]
    if data[1] & MADE_OF_VALUES and len(answer) > 6:
        picked = [VALUES[each % len(VALUES)] for each in answer[:6]]
        answer = _MADE % (*picked, answer[7:] if answer[6] & 1 else b"")
    if data[1] & REPEATED == REPEATED and len(answer) > 3:
        start, length, times = answer[0], 1 + answer[1] % 64, 1 << answer[2] % DOUBLINGS
        text = answer[3:]
        fragment = text[start : start + length]
        answer = text[:start] + fragment * times + text[start:]
    return answer if data[1] & RAW else http(answer)
