"""When a win or a cancel is tried again, and when the hub stops trying (contract 3.4).

The schedule is data: per agent, visible, published. The functions are pure; jitter comes in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrySchedule:
    """Delays of owed callbacks. Defaults are the contract's; tests and crash suites shorten them.

    ``quick_retries`` retries follow the first attempt every ``quick_min_ms`` to ``quick_max_ms``,
    then an alarm and ``slow_ms`` one after the other, then every ``steady_ms`` until ``give_up_ms``
    after the transaction was recorded. ``not_seen_ms`` are the pauses after answers 42/43, until
    ``not_seen_window_ms`` after the bet was sent and ``not_seen_answers`` such answers. Probes
    count from the moment the row was closed.
    """

    quick_retries: int = 50
    quick_min_ms: int = 2_000
    quick_max_ms: int = 4_000
    slow_ms: tuple[int, ...] = (MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS)
    steady_ms: int = HOUR_MS
    give_up_ms: int = 7 * DAY_MS
    not_seen_ms: tuple[int, ...] = (
        10_000,
        30_000,
        MINUTE_MS,
        2 * MINUTE_MS,
        5 * MINUTE_MS,
        10 * MINUTE_MS,
    )
    not_seen_window_ms: int = 15 * MINUTE_MS
    not_seen_answers: int = 3
    void_probes_ms: tuple[int, ...] = (HOUR_MS, 6 * HOUR_MS, DAY_MS)
    cancelled_probes_ms: tuple[int, ...] = (15 * MINUTE_MS, HOUR_MS, DAY_MS)
    probe_retry_ms: int = MINUTE_MS
    probe_tries: int = 5
    recheck_ms: int = 5_000


CONTRACT_SCHEDULE = RetrySchedule()

_PAUSE_MAX_MS = 31 * DAY_MS
_COUNTS = {"quick_retries", "not_seen_answers", "probe_tries"}
_COUNT_MAX = 10_000


def schedule_faults(changes: Mapping[str, object]) -> list[str]:
    """Say what is wrong with an agent's own values for the schedule, a sentence each."""
    known = {field.name: getattr(CONTRACT_SCHEDULE, field.name) for field in fields(RetrySchedule)}
    faults = [
        f"retry.{name}: there is no such value; there are {', '.join(known)}"
        for name in changes
        if name not in known
    ]
    for name, value in changes.items():
        if name not in known:
            continue
        highest = _COUNT_MAX if name in _COUNTS else _PAUSE_MAX_MS
        if not _fits(value, many=isinstance(known[name], tuple), highest=highest):
            kind = "a list of integers" if isinstance(known[name], tuple) else "an integer"
            faults.append(f"retry.{name}: {kind} from 1 to {highest} is needed")
    if not faults:
        changed = with_changes(CONTRACT_SCHEDULE, changes)
        if changed.quick_min_ms > changed.quick_max_ms:
            faults.append("retry.quick_min_ms must not exceed quick_max_ms")
    return faults


def with_changes(schedule: RetrySchedule, changes: Mapping[str, object]) -> RetrySchedule:
    """Put an agent's own values over the schedule; values a newer version knows are left out."""
    known = {field.name for field in fields(RetrySchedule)}
    values = {n: tuple(v) if isinstance(v, list) else v for n, v in changes.items() if n in known}
    return replace(schedule, **values)  # type: ignore[arg-type]


def _fits(value: object, *, many: bool, highest: int) -> bool:
    if many:
        return (
            isinstance(value, list | tuple)
            and bool(value)
            and all(_fits(one, many=False, highest=highest) for one in value)
        )
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= highest


@dataclass(frozen=True, slots=True, kw_only=True)
class TryAgain:
    """The next attempt is due at ``due_at_ms``; ``alarm`` marks the end of the quick retries."""

    due_at_ms: int
    alarm: bool = False


@dataclass(frozen=True, slots=True)
class GiveUp:
    """Seven days are over: the transaction is parked and waits for a person."""


def quick_delay_ms(schedule: RetrySchedule, jitter: float) -> int:
    """Give a pause between the quick bounds; ``jitter`` in [0, 1) comes from the identity port."""
    span = schedule.quick_max_ms - schedule.quick_min_ms
    return schedule.quick_min_ms + int(span * jitter)


def quick_retries_used_up(schedule: RetrySchedule, failures: int) -> bool:
    """Say whether the first attempt and all quick retries have failed."""
    return failures > schedule.quick_retries


def next_try(
    schedule: RetrySchedule, *, failures: int, owed_since_ms: int, now_ms: int, jitter: float
) -> TryAgain | GiveUp:
    """Decide the moment after ``failures`` counted failures (the first attempt included)."""
    assert failures >= 0
    give_up_at_ms = owed_since_ms + schedule.give_up_ms
    if now_ms >= give_up_at_ms:
        return GiveUp()
    slow_index = failures - schedule.quick_retries - 1
    if slow_index < 0:
        delay_ms = quick_delay_ms(schedule, jitter)
    elif slow_index < len(schedule.slow_ms):
        delay_ms = schedule.slow_ms[slow_index]
    else:
        delay_ms = schedule.steady_ms
    # The last try falls on the very end of the window, so that nothing is parked untried.
    return TryAgain(due_at_ms=min(now_ms + delay_ms, give_up_at_ms), alarm=slow_index == 0)
