"""Which mistake is named for which figure."""

from __future__ import annotations

import pytest

from meganodes.certification.words import (
    change_text,
    guess_of_change,
    guess_of_result,
    meaning,
    results_text,
)
from meganodes.protocol.codes import ResultCode


@pytest.mark.parametrize(
    ("expected", "came", "exponent", "says"),
    [
        (-37, -3_700, 2, "Cents for units"),
        (137, 100, 2, "Decimals are truncated"),
        (-137, -1, 2, "units for cents"),
        (-37, 37, 2, "wrong way"),
        (-37, -74, 2, "booked 2 times"),
        (37, 36, 2, "binary float"),
        (37, 0, 0, "not booked"),
        (137, 0, 2, "not booked"),
    ],
)
def test_a_figure_names_its_mistake(expected: int, came: int, exponent: int, says: str) -> None:
    guess = guess_of_change(expected, came, exponent)
    assert guess is not None
    assert says in guess.mistake


def test_a_figure_that_nothing_explains_is_left_open() -> None:
    assert guess_of_change(-3_700, 5_123, 2) is None


@pytest.mark.parametrize("result", list(ResultCode))
def test_every_result_has_its_usual_mistake(result: ResultCode) -> None:
    guess = guess_of_result(result)
    assert guess.mistake.endswith(".")
    assert guess.mend.endswith(".")
    assert "results of its own" not in guess.mistake


def test_a_result_of_nobody_is_one_too() -> None:
    assert "results of its own" in guess_of_result(7).mistake
    assert meaning(7) == "7"


def test_results_are_said_with_their_meaning() -> None:
    assert results_text((0, 41)) == "0 (done) or 41 (the transaction id is not new)"


def test_changes_are_said_as_people_say_them() -> None:
    assert change_text(150, 2) == "rises by 1.50"
    assert change_text(-2, 0) == "falls by 2"
    assert change_text(0, 2) == "stays as it was"
