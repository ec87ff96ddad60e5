"""The figures that the studio publishes are exact."""

from __future__ import annotations

from fractions import Fraction

import pytest

from meganodes.demo.odds import LINES, odds
from meganodes.demo.slot.figures import figures, percent


def test_return_and_hit_frequency_are_fractions_of_all_results() -> None:
    found = figures()
    assert found.returned == Fraction(24, 25)
    assert found.hits == Fraction(4372, 15_625)
    assert (found.results, found.most) == (15_625, 107)


def test_the_symbols_add_up_to_the_whole_return() -> None:
    found = figures()
    assert sum(one.returned for one in found.symbols) == found.returned
    for one in found.symbols:
        assert one.returned == Fraction(len(LINES) * one.on_each_line * one.pays, found.results)


def test_a_line_with_the_key_is_counted_for_its_symbol() -> None:
    by_name = {one.symbol.value: one.on_each_line for one in figures().symbols}
    assert by_name["cherry"] == 8 * (7 + 1) * 8
    assert by_name["seven"] == 1 * (1 + 1) * 1


def test_the_list_of_odds_says_the_same() -> None:
    paid = sum(chances * pays for chances, pays in odds())
    assert Fraction(paid, figures().results) == figures().returned


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (Fraction(24, 25), "96"),
        (Fraction(4372, 15_625), "27.98"),
        (Fraction(1, 3), "33.33"),
        (Fraction(2, 3), "66.67"),
        (Fraction(1, 2000), "0.05"),
        (Fraction(0), "0"),
    ],
)
def test_percentages_are_rounded_without_a_float(share: Fraction, text: str) -> None:
    assert percent(share) == text
