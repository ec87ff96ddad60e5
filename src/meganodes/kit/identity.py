"""Randomness and fresh numbers as an argument, so that the simulation replays them from a seed."""

from __future__ import annotations

import random
import secrets
import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from meganodes.kit.clock import Clock

EPOCH_MS = 1_767_225_600_000
"""2026-01-01T00:00:00Z, where the time part of a `trans_id` starts to count."""
NODE_MAX = 63
TRANS_ID_MAX = 2**53 - 1
_NODE_BITS = 6
_COUNTER_BITS = 6
_COUNTER_MAX: int = 2**_COUNTER_BITS - 1
_SHIFT = _NODE_BITS + _COUNTER_BITS


def time_of(trans_id: int) -> int:
    """Give the wall clock, in milliseconds, of the moment a number was made."""
    return EPOCH_MS + (trans_id >> _SHIFT)


def first_trans_id(at_ms: int) -> int:
    """Give the lowest number that could be made at a moment; earlier ones lie below it."""
    return max(0, at_ms - EPOCH_MS) << _SHIFT


class Identity(Protocol):
    """Where unguessable bytes, jitter and new transaction numbers come from."""

    def token_bytes(self, n: int) -> bytes:
        """Return n unguessable bytes."""

    def uniform(self, a: float, b: float) -> float:
        """Return a number between a and b: jitter of waiting times, never an amount."""

    def trans_id(self) -> int:
        """Return a new positive number up to 2**53 - 1, never given out before (contract 3.1)."""


class SystemIdentity:
    """The operating system's randomness; numbers from time, node and a counter.

    A `trans_id` is 41 bits of milliseconds since 2026, 6 bits of node and 6 bits of counter. Within
    a process numbers only rise: when the clock goes back, or 64 were taken in one millisecond, the
    time part runs ahead by itself. ``above`` is the highest number known from an earlier run: with
    it a clock that was set back between two runs repeats nothing either.
    """

    def __init__(self, clock: Clock, node: int, *, above: int = 0) -> None:
        """Take the clock and this node's number (0 to 63, different on every node)."""
        if not 0 <= node <= NODE_MAX:
            raise ValueError(f"the node number must be 0 to {NODE_MAX}, not {node}")
        if clock.now_ms() < EPOCH_MS:
            raise ValueError(
                "the system clock stands before 2026: set it before numbers are made from it"
            )
        self._clock = clock
        self._node = node
        # Spreads retries; nothing secret comes from it, and a call to the system each time is dear.
        self._random = random.Random(secrets.randbits(128))  # noqa: S311 - jitter
        self._lock = threading.Lock()
        self._millisecond = above >> _SHIFT
        self._counter = _COUNTER_MAX

    def token_bytes(self, n: int) -> bytes:
        """Return n bytes of the operating system's randomness."""
        return secrets.token_bytes(n)

    def uniform(self, a: float, b: float) -> float:
        """Return a random number between a and b."""
        return self._random.uniform(a, b)

    def trans_id(self) -> int:
        """Return the next number."""
        with self._lock:
            millisecond = self._clock.now_ms() - EPOCH_MS
            if millisecond > self._millisecond:
                self._millisecond, self._counter = millisecond, 0
            elif self._counter < _COUNTER_MAX:
                self._counter += 1
            else:
                self._millisecond, self._counter = self._millisecond + 1, 0
            number = (self._millisecond << _SHIFT) | (self._node << _COUNTER_BITS) | self._counter
        assert 0 < number <= TRANS_ID_MAX, "the 41 bits of time last until 2095"
        return number


class SeededIdentity:
    """The same sequence for the same seed: for tests and the simulation, never for secrets."""

    def __init__(self, seed: int, node: int = 0) -> None:
        """Start the sequence of this seed; nodes of one simulation differ in ``node``."""
        self._random = random.Random(seed * (NODE_MAX + 1) + node)  # noqa: S311 - replay is the point
        self._node = node
        self._count = 0

    def token_bytes(self, n: int) -> bytes:
        """Return the next n bytes of the sequence."""
        return self._random.randbytes(n)

    def uniform(self, a: float, b: float) -> float:
        """Return the next number of the sequence between a and b."""
        return self._random.uniform(a, b)

    def trans_id(self) -> int:
        """Return 1, 2, 3, ... in the high bits and the node in the low ones."""
        self._count += 1
        return (self._count << _NODE_BITS) | self._node
