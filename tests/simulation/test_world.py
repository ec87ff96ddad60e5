"""What the world does to nodes after healing is not held against them."""

from __future__ import annotations

from tests.simulation.checkers.journal import OWED_SECONDS
from tests.simulation.plan import HOUR
from tests.simulation.world import PUNCTUAL_SECONDS, nap_seconds


def test_an_hourly_repeat_is_not_slept_through_while_its_punctuality_is_judged() -> None:
    assert PUNCTUAL_SECONDS >= OWED_SECONDS
    # Due at the latest an hour after healing by the slow schedule: the nap may begin just before.
    assert HOUR + nap_seconds(HOUR) < OWED_SECONDS


def test_what_fails_for_ever_is_asked_only_now_and_then_later() -> None:
    assert nap_seconds(PUNCTUAL_SECONDS) >= 3 * HOUR
