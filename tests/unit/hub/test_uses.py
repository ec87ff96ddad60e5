"""What may be used how often: each use by itself, each caller by itself (S19)."""

from __future__ import annotations

import pytest

from meganodes.hub.uses import USUAL_RATES, Use, Uses
from meganodes.kit.rate_limit import Rate


@pytest.mark.parametrize("use", list(Use))
def test_one_use_leaves_the_others_and_other_callers_alone(use: Use) -> None:
    uses = Uses()
    rate = USUAL_RATES[use]
    assert [uses.take(use, 1, 0.0) for _ in range(rate.times)] == [0] * rate.times
    assert uses.take(use, 1, 0.0) == rate.seconds
    assert uses.take(use, 2, 0.0) == 0
    assert all(uses.take(other, 1, 0.0) == 0 for other in Use if other is not use)
    assert uses.take(use, 1, float(rate.seconds)) == 0


def test_rates_are_those_that_are_given() -> None:
    uses = Uses({use: Rate(1, 7) for use in Use})
    assert [uses.take(Use.SEARCH, 1, 0.0) for _ in range(2)] == [0, 7]


def test_callback_tests_are_counted_for_their_agent_and_all_else_for_a_person() -> None:
    """Reliability 3.9, rule 9: the button may be pressed five times a minute."""
    assert {use for use in Use if use.is_counted_by_agent} == {Use.CALLBACK_TEST}
    assert USUAL_RATES[Use.CALLBACK_TEST] == Rate(5, 60)
