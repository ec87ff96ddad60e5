"""What a node counts of its own work, in numbers updated in place (performance.md, section 2).

The doors and the composition root write here; text is made in `bootstrap`, when somebody asks.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from meganodes.callbacks.calls import Attempt
from meganodes.domain.outcome import (
    Accepted,
    Duplicate,
    NotSeen,
    NotSent,
    Outcome,
    Phase,
    Refused,
    Unknown,
)
from meganodes.kit.metrics import WAITING, Bounded, Histogram, Waiting
from meganodes.protocol.codes import ApiCode

OUTCOME_NAMES: dict[type[Outcome], str] = {
    Accepted: "accepted",
    Refused: "refused",
    Duplicate: "duplicate",
    NotSeen: "not_seen",
    NotSent: "not_sent",
    Unknown: "unknown",
}
"""The outcome of an attempt as metrics and traces name it."""

NO_SUCH = "other"
"""The path or the command of a call for something that is not there: callers make up many."""

AGENTS_MOST = 50


class DoorName(StrEnum):
    """Whose calls are meant."""

    MAIN_API = "main_api"
    PROVIDER_API = "provider_api"


class BackendMeters:
    """What one agent's backend has done."""

    __slots__ = ("attempts", "seconds")

    def __init__(self) -> None:
        """Start empty."""
        self.attempts: Counter[tuple[str, str]] = Counter()
        """Attempts by command and outcome."""
        self.seconds = Histogram()
        """How long an attempt took of which at least a byte was sent."""


class Stopwatch:
    """Measures one call at a door: all of its time, and what of it was waiting for backends."""

    __slots__ = ("_waiting", "started")

    def __init__(self, started: float) -> None:
        """Begin at this moment of the monotonic clock; the tasks of this call tell it of waits."""
        self.started = started
        self._waiting = Waiting()
        WAITING.set(self._waiting)

    def own_seconds(self, now: float) -> float:
        """Return the hub's own share until now."""
        return max(0.0, now - self.started - self._waiting.seconds(now))


@dataclass(slots=True, kw_only=True)
class RetentionMeters:
    """What this process packed and retired, and what its last look at the oldest bytes found."""

    packed: int = 0
    retired: int = 0
    oldest_full_ms: int | None = None
    last_run_ms: int | None = None


def _bounded() -> Bounded[int, BackendMeters]:
    return Bounded(AGENTS_MOST, BackendMeters)


@dataclass(slots=True, kw_only=True)
class Meters:
    """The numbers of one process.

    ``calls`` counts answers by door, path or command, and code. ``own_seconds`` is the hub's own
    share of an answer's time, by door. ``backends`` are bounded: the busiest agents and one for all
    others. ``alarms`` are what people were told, by the first words of the sentence.
    """

    calls: Counter[tuple[DoorName, str, ApiCode]] = field(default_factory=Counter)
    own_seconds: dict[DoorName, Histogram] = field(
        default_factory=lambda: {door: Histogram() for door in DoorName}
    )
    backends: Bounded[int, BackendMeters] = field(default_factory=_bounded)
    alarms: Counter[str] = field(default_factory=Counter)
    circuits_opened: int = 0
    main_api_in_flight: int = 0
    retention: RetentionMeters = field(default_factory=RetentionMeters)

    def note_alarm(self, sentence: str) -> None:
        """Count one alarm; what stands behind a colon is detail."""
        self.alarms[sentence.partition(":")[0]] += 1

    def note_attempt(self, agent_id: int, attempt: Attempt, seconds: float) -> None:
        """Count one callback attempt and how long its backend took."""
        backend = self.backends.of(agent_id)
        backend.attempts[attempt.command, OUTCOME_NAMES[type(attempt.outcome)]] += 1
        if attempt.phase is not Phase.BEFORE_SEND:
            backend.seconds.observe(seconds)
