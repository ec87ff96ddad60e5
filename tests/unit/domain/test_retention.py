"""The rules of retention, as tables."""

from __future__ import annotations

import pytest

from meganodes.domain.retention import DAY_MS, Age, Limits, RetentionPolicy, is_run_due

NOW_MS = 1_800_000_000_000
HOUR_MS = 3_600_000
MIDNIGHT_MS = NOW_MS // DAY_MS * DAY_MS


@pytest.mark.parametrize(
    ("age_ms", "expected"),
    [
        (-DAY_MS, Age.FULL),
        (0, Age.FULL),
        (7 * DAY_MS, Age.FULL),
        (7 * DAY_MS + 1, Age.PACKED),
        (90 * DAY_MS, Age.PACKED),
        (90 * DAY_MS + 1, Age.RETIRED),
        (4_000 * DAY_MS, Age.RETIRED),
    ],
)
def test_age_says_what_becomes_of_bytes(age_ms: int, expected: Age) -> None:
    limits = RetentionPolicy().limits(NOW_MS)
    assert limits.age_at(NOW_MS - age_ms) is expected


def test_kept_until_is_when_they_go_and_not_before() -> None:
    policy = RetentionPolicy(pack_days=1, bodies_days=100)
    kept_until_ms = policy.kept_until_ms(NOW_MS)
    assert policy.limits(kept_until_ms).age_at(NOW_MS) is Age.PACKED
    assert policy.limits(kept_until_ms + 1).age_at(NOW_MS) is Age.RETIRED


@pytest.mark.parametrize(
    ("until_ms", "expected"),
    [
        (NOW_MS - 8 * DAY_MS, (NOW_MS - 8 * DAY_MS, NOW_MS - 90 * DAY_MS)),
        (NOW_MS - 95 * DAY_MS, (NOW_MS - 95 * DAY_MS, NOW_MS - 95 * DAY_MS)),
        (NOW_MS, (NOW_MS - 7 * DAY_MS, NOW_MS - 90 * DAY_MS)),
        (NOW_MS + DAY_MS, (NOW_MS - 7 * DAY_MS, NOW_MS - 90 * DAY_MS)),
    ],
)
def test_a_given_moment_never_lets_anything_go_earlier(
    until_ms: int, expected: tuple[int, int]
) -> None:
    pack_ms, retire_ms = expected
    limits = Limits(pack_before_ms=pack_ms, retire_before_ms=retire_ms)
    assert RetentionPolicy().limits(NOW_MS, until_ms) == limits


@pytest.mark.parametrize(("pack_days", "bodies_days"), [(0, 90), (91, 90), (-1, 90)])
def test_a_policy_that_makes_no_sense_is_refused(pack_days: int, bodies_days: int) -> None:
    with pytest.raises(ValueError, match=r"^bytes are packed a day after .*, and kept longer$"):
        RetentionPolicy(pack_days=pack_days, bodies_days=bodies_days)


@pytest.mark.parametrize("days", [1, 90])
def test_bytes_may_go_on_the_day_on_which_they_would_be_packed(days: int) -> None:
    limits = RetentionPolicy(pack_days=days, bodies_days=days).limits(NOW_MS)
    assert limits.age_at(NOW_MS - days * DAY_MS) is Age.FULL
    assert limits.age_at(NOW_MS - days * DAY_MS - 1) is Age.RETIRED


@pytest.mark.parametrize(
    ("now_ms", "last_ms", "expected"),
    [
        (MIDNIGHT_MS + 4 * HOUR_MS, None, True),
        (MIDNIGHT_MS + 4 * HOUR_MS, MIDNIGHT_MS + 4 * HOUR_MS - 1, True),
        (MIDNIGHT_MS + 4 * HOUR_MS, MIDNIGHT_MS + 4 * HOUR_MS, False),
        (MIDNIGHT_MS + 3 * HOUR_MS, MIDNIGHT_MS - 20 * HOUR_MS + 1, False),
        (MIDNIGHT_MS + 3 * HOUR_MS, MIDNIGHT_MS - 20 * HOUR_MS - 1, True),
        (MIDNIGHT_MS + 28 * HOUR_MS, MIDNIGHT_MS + 5 * HOUR_MS, True),
    ],
)
def test_the_daily_run_is_due_once_after_its_hour(
    now_ms: int,
    last_ms: int | None,
    expected: object,
) -> None:
    assert is_run_due(now_ms, last_ms, 4) is expected
