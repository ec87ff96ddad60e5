"""The published odds are the drawn odds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from meganodes.demo.odds import CHANCES, ODDS, draw, multiple


def tickets(*numbers: int) -> Callable[[int], bytes]:
    waiting = list(numbers)
    return lambda n: waiting.pop(0).to_bytes(n, "big")


def test_every_ticket_pays_what_is_published() -> None:
    paid = Counter(multiple(ticket) for ticket in range(CHANCES))
    assert paid == {pays: chances for chances, pays in ODDS}


def test_ninety_six_percent_come_back() -> None:
    assert sum(chances * pays for chances, pays in ODDS) * 100 // CHANCES == 96


def test_numbers_that_would_favour_some_tickets_are_drawn_again() -> None:
    assert draw(tickets(65_000, 65_535, 64_999)) == 50
    assert draw(tickets(0)) == 0


def test_all_possible_numbers_together_are_fair() -> None:
    paid = Counter(draw(tickets(number)) for number in range(65_000))
    assert paid == {pays: chances * 65 for chances, pays in ODDS}
