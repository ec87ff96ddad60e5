"""Whether an agent's backend is worth a call now: a state machine over moments it is given.

While it is open nothing but single probes goes out, so that a backend that is down costs its own
players an immediate answer and everybody else nothing (contract 3.4, reliability 3.8).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from meganodes.callbacks.settings import CircuitSettings

PROBE_UNANSWERED_SECONDS: Final = 10.0
"""A probe that never reported back stands in the way of the next for this long."""


class CircuitState(StrEnum):
    """CLOSED: calls flow. OPEN: none does. HALF_OPEN: one probe is due, under way, or succeeded."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(slots=True)
class _Second:
    moment: int
    calls: int = 0
    failures: int = 0


class Circuit:
    """One agent's circuit. All moments are seconds of the monotonic clock, never going back."""

    __slots__ = (
        "_calls",
        "_failures",
        "_failures_in_a_row",
        "_is_probing",
        "_jitter",
        "_next_probe_at",
        "_probe_began_at",
        "_probes_succeeded",
        "_seconds",
        "_settings",
        "is_alarming",
        "reason",
    )

    def __init__(self, settings: CircuitSettings, jitter: Callable[[float, float], float]) -> None:
        """Start closed; ``jitter`` draws a number between its two arguments."""
        self.reason: str | None = None
        self.is_alarming = False
        self._settings = settings
        self._jitter = jitter
        self._is_probing = False
        self._next_probe_at = self._probe_began_at = 0.0
        self._probes_succeeded = self._failures_in_a_row = self._calls = self._failures = 0
        self._seconds: deque[_Second] = deque()

    def state(self, now: float) -> CircuitState:
        """Return where the circuit stands at this moment."""
        if self.reason is None:
            return CircuitState.CLOSED
        if self._is_probing or self._probes_succeeded or now >= self._next_probe_at:
            return CircuitState.HALF_OPEN
        return CircuitState.OPEN

    def allows(self) -> bool:
        """Tell whether calls flow; when they do not, only a probe may be sent."""
        return self.reason is None

    def is_probe_due(self, now: float) -> bool:
        """Tell whether one probe may be sent now."""
        return self.reason is not None and now >= self._next_probe_at

    def begin_probe(self, now: float) -> bool:
        """Take the one place for a probe; False when it is not due."""
        if not self.is_probe_due(now):
            return False
        self._is_probing = True
        self._probe_began_at = now
        self._next_probe_at = now + PROBE_UNANSWERED_SECONDS
        return True

    def end_probe(self, *, alive: bool | None) -> bool:
        """Note how a probe ended, None when it said nothing; True when the circuit closed by it.

        After a success the next one follows at the shortest distance, so that a healed backend is
        back soon; after a failure at a random one, so that nodes do not knock in step. Distances
        are from begin to begin: who took four seconds to say nothing is asked again at once.
        """
        if self.reason is None:
            return False
        settings = self._settings
        self._is_probing = False
        self._next_probe_at = self._probe_began_at + settings.probe_seconds_min
        if alive:
            self._probes_succeeded += 1
            if self._probes_succeeded >= settings.successes_to_close:
                self._close()
                return True
            return False
        if alive is False:
            self._probes_succeeded = 0
        self._next_probe_at = self._probe_began_at + self._jitter(
            settings.probe_seconds_min, settings.probe_seconds_max
        )
        return False

    def record(self, now: float, *, alive: bool) -> bool:
        """Count an ordinary call; True when the circuit opened by it.

        Calls that were under way when it opened change nothing any more.
        """
        if self.reason is not None:
            return False
        self._count(now, alive=alive)
        if alive:
            self._failures_in_a_row = 0
            return False
        self._failures_in_a_row += 1
        reason = self._reason_to_open()
        if reason is None:
            return False
        self._open(now, reason)
        return True

    def record_token_wrong(self, now: float) -> bool:
        """Open at once with an alarm: the backend does not know our token (result 100).

        True when the circuit was closed before.
        """
        was_closed = self.reason is None
        self._open(now, "the backend answered that the Callback-Token is wrong (result 100)")
        self.is_alarming = True
        return was_closed

    def _count(self, now: float, *, alive: bool) -> None:
        moment = int(now)
        seconds = self._seconds
        if not seconds or seconds[-1].moment != moment:
            seconds.append(_Second(moment))
            while seconds[0].moment <= now - self._settings.window_seconds:
                gone = seconds.popleft()
                self._calls -= gone.calls
                self._failures -= gone.failures
        seconds[-1].calls += 1
        self._calls += 1
        if not alive:
            seconds[-1].failures += 1
            self._failures += 1

    def _reason_to_open(self) -> str | None:
        settings = self._settings
        if self._failures_in_a_row >= settings.failures_in_a_row:
            return f"{self._failures_in_a_row} calls in a row failed"
        enough = self._calls >= settings.calls_min
        if enough and self._failures * 100 >= self._calls * settings.failures_percent:
            return (
                f"{self._failures} of {self._calls} calls failed "
                f"within {settings.window_seconds:g} s"
            )
        return None

    def _open(self, now: float, reason: str) -> None:
        self.reason = reason
        self._is_probing = False
        self._probes_succeeded = 0
        self._next_probe_at = now + self._jitter(
            self._settings.probe_seconds_min, self._settings.probe_seconds_max
        )

    def _close(self) -> None:
        self.reason = None
        self.is_alarming = False
        self._is_probing = False
        self._probes_succeeded = self._failures_in_a_row = self._calls = self._failures = 0
        self._seconds.clear()
