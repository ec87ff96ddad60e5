"""When people are told of trouble that lasts: at once, at growing pauses, and when it is over.

Rules without a clock or a network: a condition is what is wrong now, a standing is what people have
been told of it, a notice is what they should be told.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

CALM_MS = 120_000
"""So long a condition must be absent before it is over: circuits and backlogs come and go."""

NOTICES_MOST = 100
"""In one message; the rest comes with the next look."""

WORSE_TIMES = 10
"""So many times what was told last makes a condition news again."""


class AlertKind(StrEnum):
    """What is wrong. Each has a part of the runbook."""

    PARKED = "parked"
    OVERDUE = "overdue"
    STUCK = "stuck"
    OPEN_ROUNDS = "open_rounds"
    CIRCUIT = "circuit"
    DIFFERENCES = "differences"
    TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """One thing that is wrong now. ``key`` names it for as long as it lasts.

    ``subject`` is the agent's or the provider's name, ``count`` how many transactions or rounds it
    is about, ``since_ms`` (wall clock) since when the oldest.
    """

    key: str
    kind: AlertKind
    subject: str
    since_ms: int
    count: int
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A condition as it was seen last, and what people were told of it.

    ``times`` is how often they were, ``told_at_ms`` when last, ``told_count`` of how many;
    ``absent_since_ms`` is set while it is not seen any more.
    """

    condition: Condition
    times: int = 0
    told_at_ms: int = 0
    told_count: int = 0
    absent_since_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What people should be told: that a condition lasts (and how often they were), or is over."""

    condition: Condition
    time: int
    is_over: bool = False


class Alerts:
    """The standings of one node."""

    def __init__(
        self, repeat_after_ms: tuple[int, ...], standings: Iterable[Standing] = ()
    ) -> None:
        """Repeat after these pauses, the last one for ever; go on from what was known before."""
        self._repeat_after_ms = repeat_after_ms
        self._standings = {each.condition.key: each for each in standings}

    def standings(self) -> tuple[Standing, ...]:
        """Give what must be remembered."""
        return tuple(self._standings.values())

    def firing(self) -> tuple[Condition, ...]:
        """Give the conditions that last."""
        return tuple(each.condition for each in self._standings.values())

    def review(self, conditions: Iterable[Condition], now_ms: int) -> tuple[Notice, ...]:
        """Compare what is wrong now with what was, and say what people should be told."""
        seen = {each.key: each for each in conditions}
        for condition in seen.values():
            known = self._standings.get(condition.key, Standing(condition=condition))
            self._standings[condition.key] = replace(
                known, condition=condition, absent_since_ms=None
            )
        for key in self._standings.keys() - seen.keys():
            self._miss(key, now_ms)
        due = (self._notice(each, now_ms) for each in self._standings.values())
        return tuple(notice for notice in due if notice is not None)[:NOTICES_MOST]

    def told(self, notices: Iterable[Notice], now_ms: int) -> None:
        """Note that people have been told."""
        for notice in notices:
            key = notice.condition.key
            known = self._standings.get(key)
            if known is None:
                continue
            if notice.is_over:
                del self._standings[key]
            else:
                self._standings[key] = replace(
                    known,
                    times=notice.time,
                    told_at_ms=now_ms,
                    told_count=notice.condition.count,
                )

    def _miss(self, key: str, now_ms: int) -> None:
        known = self._standings[key]
        if known.absent_since_ms is None:
            self._standings[key] = replace(known, absent_since_ms=now_ms)
        elif not known.times and now_ms - known.absent_since_ms >= CALM_MS:
            del self._standings[key]  # nobody was told of it, so nobody waits for its end

    def _notice(self, known: Standing, now_ms: int) -> Notice | None:
        if known.absent_since_ms is not None:
            is_over = known.times > 0 and now_ms - known.absent_since_ms >= CALM_MS
            return (
                Notice(condition=known.condition, time=known.times, is_over=True)
                if is_over
                else None
            )
        if not self._is_due(known, now_ms):
            return None
        return Notice(condition=known.condition, time=known.times + 1)

    def _is_due(self, known: Standing, now_ms: int) -> bool:
        if not known.times or known.condition.count >= WORSE_TIMES * max(known.told_count, 1):
            return True
        pauses_ms = self._repeat_after_ms
        pause_ms = pauses_ms[min(known.times, len(pauses_ms)) - 1]
        # A clock that was set back must not silence an alert until it has caught up.
        return not 0 <= now_ms - known.told_at_ms < pause_ms
