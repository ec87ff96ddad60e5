"""The published odds are the drawn odds: every result is counted, every stop equally likely."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from fractions import Fraction

import pytest

from meganodes.demo.odds import (
    CHANCES,
    LINES,
    PAYS,
    REELS,
    STOPS,
    PaidLine,
    Symbol,
    draw,
    multiple,
    odds,
    paid_lines,
    window,
)
from meganodes.kit.identity import SeededIdentity


def bytes_of(*numbers: int) -> Callable[[int], bytes]:
    waiting = list(numbers)
    return lambda n: waiting.pop(0).to_bytes(n, "big")


def test_each_reel_has_as_many_stops_and_the_joker_stands_on_the_middle_one() -> None:
    assert [len(reel) for reel in REELS] == [STOPS, STOPS, STOPS]
    assert [reel.count(Symbol.KEY) for reel in REELS] == [0, 1, 0]


def test_a_window_shows_three_neighbours_of_each_reel_around_the_end_too() -> None:
    first, second, third = window((24, 0, 23))
    assert first == (REELS[0][24], REELS[0][0], REELS[0][1])
    assert second == REELS[1][0:3]
    assert third == (REELS[2][23], REELS[2][24], REELS[2][0])


def test_three_of_a_kind_pay_on_each_line_and_the_key_stands_for_any_symbol() -> None:
    assert paid_lines((12, 12, 19)) == (
        PaidLine(0, Symbol.BELL, 8),
        PaidLine(4, Symbol.LEMON, 3),
    )
    assert multiple((12, 12, 19)) == 11
    assert multiple((12, 11, 22)) == 0


def test_ninety_six_percent_come_back_exactly() -> None:
    stops = range(STOPS)
    paid = sum(multiple(result) for result in itertools.product(stops, stops, stops))
    assert Fraction(paid, CHANCES) == Fraction(24, 25)
    assert Fraction(sum(chances * pays for chances, pays in odds()), CHANCES) == Fraction(24, 25)


def test_the_same_share_follows_from_counting_symbols_by_hand() -> None:
    def on_a_line(symbol: Symbol) -> int:
        first, second, third = (reel.count(symbol) for reel in REELS)
        return first * (second + REELS[1].count(Symbol.KEY)) * third

    paid = sum(len(LINES) * on_a_line(symbol) * pays for symbol, pays in PAYS.items())
    assert Fraction(paid, CHANCES) == Fraction(24, 25)


def test_every_win_is_larger_than_its_stake() -> None:
    assert min(pays for _, pays in odds() if pays) == 2
    assert sum(chances for chances, _ in odds()) == CHANCES


def test_every_stop_is_reached_by_as_many_bytes() -> None:
    reached = Counter(draw(bytes_of(number, 0, 0))[0] for number in range(250))
    assert reached == dict.fromkeys(range(STOPS), 10)


def test_bytes_that_would_favour_some_stops_are_drawn_again() -> None:
    assert draw(bytes_of(250, 255, 26, 3, 251, 24)) == (1, 3, 24)


@pytest.mark.parametrize("reel", [0, 1, 2])
def test_draws_of_a_reel_are_even_by_chi_square(reel: int) -> None:
    """24 degrees of freedom: below 51.2 in 999 of 1000 runs; the seed makes it one and the same."""
    source = SeededIdentity(2026)
    counted = Counter(draw(source.token_bytes)[reel] for _ in range(50_000))
    expected = Fraction(50_000, STOPS)
    distances = ((counted[stop] - expected) ** 2 / expected for stop in range(STOPS))
    assert sum(distances, Fraction(0)) < Fraction(512, 10)


def test_drawn_wins_are_as_frequent_as_published_by_chi_square() -> None:
    """8 and more taken together: 5 degrees of freedom, below 20.5 in 999 runs of 1000."""
    rounds = 60_000
    source = SeededIdentity(7)
    drawn = Counter(min(8, multiple(draw(source.token_bytes))) for _ in range(rounds))
    published: Counter[int] = Counter()
    for chances, pays in odds():
        published[min(8, pays)] += chances
    expected = {pays: Fraction(chances * rounds, CHANCES) for pays, chances in published.items()}
    distances = [(drawn[pays] - mean) ** 2 / mean for pays, mean in expected.items()]
    assert sum(distances, Fraction(0)) < Fraction(205, 10)
