"""The published schedule of retries, to the second (contract 3.4)."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest

from meganodes.domain.retry import (
    CONTRACT_SCHEDULE,
    DAY_MS,
    HOUR_MS,
    MINUTE_MS,
    GiveUp,
    TryAgain,
    next_try,
    quick_delay_ms,
    schedule_faults,
    with_changes,
)

NOW_MS = 1_800_000_000_000


def due_in(failures: int, *, waited_ms: int = 0, jitter: float = 0.0) -> int | None:
    step = next_try(
        CONTRACT_SCHEDULE,
        failures=failures,
        owed_since_ms=NOW_MS - waited_ms,
        now_ms=NOW_MS,
        jitter=jitter,
    )
    return None if isinstance(step, GiveUp) else step.due_at_ms - NOW_MS


@pytest.mark.rule("3.4-retry-schedule")
@pytest.mark.parametrize(
    ("failures", "pause_ms"),
    [
        (0, 2_000),
        (1, 2_000),
        (50, 2_000),
        (51, MINUTE_MS),
        (52, 5 * MINUTE_MS),
        (53, 15 * MINUTE_MS),
        (54, HOUR_MS),
        (55, HOUR_MS),
        (200, HOUR_MS),
    ],
)
def test_pauses_follow_the_published_schedule(failures: int, pause_ms: int) -> None:
    assert due_in(failures) == pause_ms


@pytest.mark.reliability("2.6-cancel-not-taken")
@pytest.mark.rule("3.4-retry-schedule")
def test_quick_pauses_are_spread_between_2_and_4_seconds() -> None:
    assert quick_delay_ms(CONTRACT_SCHEDULE, 0.0) == 2_000
    assert quick_delay_ms(CONTRACT_SCHEDULE, 0.5) == 3_000
    assert quick_delay_ms(CONTRACT_SCHEDULE, 0.999) == 3_998


@pytest.mark.reliability("2.6-cancel-not-taken")
@pytest.mark.rule("3.4-retry-schedule")
def test_the_last_try_falls_on_the_end_of_the_seven_days_and_then_it_is_over() -> None:
    assert due_in(100, waited_ms=7 * DAY_MS - MINUTE_MS) == MINUTE_MS
    assert due_in(100, waited_ms=7 * DAY_MS) is None


def test_the_alarm_comes_with_the_first_slow_pause_only() -> None:
    alarms = [
        step.alarm
        for failures in range(48, 54)
        if isinstance(
            step := next_try(
                CONTRACT_SCHEDULE,
                failures=failures,
                owed_since_ms=NOW_MS,
                now_ms=NOW_MS,
                jitter=0.0,
            ),
            TryAgain,
        )
    ]
    assert alarms == [False, False, False, True, False, False]


@pytest.mark.rule("3.4-schedule-is-data")
def test_an_agents_own_values_go_over_the_schedule_and_bad_ones_are_named() -> None:
    own = {"quick_min_ms": 500, "quick_max_ms": 700, "slow_ms": [1_000]}
    assert schedule_faults(own) == []
    changed = with_changes(CONTRACT_SCHEDULE, own)
    assert (changed.quick_min_ms, changed.slow_ms) == (500, (1_000,))
    assert changed.steady_ms == CONTRACT_SCHEDULE.steady_ms


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"quick_min": 500}, "no such value"),
        ({"quick_min_ms": True}, "an integer"),
        ({"quick_min_ms": 0}, "an integer"),
        ({"slow_ms": 5}, "a list"),
        ({"slow_ms": []}, "a list"),
        ({"slow_ms": [1, "2"]}, "a list"),
        ({"quick_min_ms": 9_000}, "must not exceed"),
        ({"quick_retries": 10_001}, "10000"),
    ],
)
def test_a_bad_schedule_is_refused_by_name(changes: dict[str, object], word: str) -> None:
    (fault,) = schedule_faults(changes)
    assert word in fault


@pytest.mark.rule("3.4-retry-schedule")
def test_the_schedule_is_the_published_one() -> None:
    assert asdict(CONTRACT_SCHEDULE) == {
        "quick_retries": 50,
        "quick_min_ms": 2_000,
        "quick_max_ms": 4_000,
        "slow_ms": (60_000, 300_000, 900_000, 3_600_000),
        "steady_ms": 3_600_000,
        "give_up_ms": 604_800_000,
        "not_seen_ms": (10_000, 30_000, 60_000, 120_000, 300_000, 600_000),
        "not_seen_window_ms": 900_000,
        "not_seen_answers": 3,
        "void_probes_ms": (3_600_000, 21_600_000, 86_400_000),
        "cancelled_probes_ms": (900_000, 3_600_000, 86_400_000),
        "probe_retry_ms": 60_000,
        "probe_tries": 5,
        "recheck_ms": 5_000,
    }


LONGEST = 31 * 86_400_000
COUNTED = "an integer from 1 to 10000 is needed"
TIMED = f"an integer from 1 to {LONGEST} is needed"
TIMES = f"a list of integers from 1 to {LONGEST} is needed"


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"quick_min_ms": True}, [f"retry.quick_min_ms: {TIMED}"]),
        ({"slow_ms": [1, 0]}, [f"retry.slow_ms: {TIMES}"]),
        (
            {"slow_ms": 5, "probe_tries": 0},
            [f"retry.slow_ms: {TIMES}", f"retry.probe_tries: {COUNTED}"],
        ),
        ({"quick_retries": 10_001}, [f"retry.quick_retries: {COUNTED}"]),
        ({"not_seen_answers": 10_001}, [f"retry.not_seen_answers: {COUNTED}"]),
        ({"give_up_ms": LONGEST + 1}, [f"retry.give_up_ms: {TIMED}"]),
        ({"quick_min_ms": 5_000}, ["retry.quick_min_ms must not exceed quick_max_ms"]),
        ({"quick_min_ms": 4_000, "give_up_ms": LONGEST, "probe_tries": 10_000}, []),
        ({"quick_min_ms": 1, "slow_ms": (1, LONGEST)}, []),
    ],
)
def test_every_fault_of_a_schedule_is_told_and_its_bounds_are_allowed(
    changes: dict[str, object], faults: list[str]
) -> None:
    assert schedule_faults(changes) == faults


def test_a_value_that_does_not_exist_hides_no_other_fault() -> None:
    unknown, known = schedule_faults({"quick": 1, "steady_ms": "soon"})
    names = ", ".join(asdict(CONTRACT_SCHEDULE))
    assert unknown == f"retry.quick: there is no such value; there are {names}"
    assert known == f"retry.steady_ms: {TIMED}"


def test_values_of_a_newer_program_are_passed_over() -> None:
    changed = with_changes(CONTRACT_SCHEDULE, {"from_the_future": 1, "steady_ms": 7})
    assert changed == replace(CONTRACT_SCHEDULE, steady_ms=7)
