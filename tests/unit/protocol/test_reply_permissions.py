"""Permissions part by part, at their borders."""

import pytest

from meganodes.protocol.reply_permissions import read_permissions
from meganodes.protocol.reply_records import Permissions
from meganodes.protocol.wire import Number


@pytest.mark.parametrize(
    ("limit", "exponent", "max_bet_minor"),
    [
        (Number("90071992547409.91"), 2, 2**53 - 1),
        (2**53 - 1, 0, 2**53 - 1),
        (0, 2, 0),
        (Number("0.00000001"), 8, 1),
        (Number("-0"), 2, 0),
    ],
)
def test_a_limit_is_exact_up_to_the_largest_amount(
    limit: object, exponent: int, max_bet_minor: int
) -> None:
    notes: list[str] = []
    permissions = read_permissions({"max_bet": limit}, exponent, notes)
    assert (permissions, notes) == (Permissions(max_bet_minor=max_bet_minor), [])


@pytest.mark.parametrize("limit", [2**53, -1, True, None, "1", [], {}, Number("1e99")])
def test_a_limit_that_is_none_gives_a_sentence(limit: object) -> None:
    sentence = read_permissions({"max_bet": limit}, 0, [])
    assert isinstance(sentence, str)
    assert sentence.startswith("data.permissions.max_bet is ")
    assert sentence.endswith("; send a number from 0 to 9007199254740991 or leave it out")


@pytest.mark.parametrize("key", ["session_minutes", "reality_check_minutes"])
def test_minutes_are_whole_and_bounded(key: str) -> None:
    for minutes in (0, 1, 10_000_000):
        assert getattr(read_permissions({key: minutes}, 2, []), key) == minutes
    for wrong in (-1, 10_000_001, True, None, "1", Number("1.0")):
        assert isinstance(read_permissions({key: wrong}, 2, []), str)


def test_all_parts_together() -> None:
    given = {"play": True, "max_bet": 5, "session_minutes": 60, "reality_check_minutes": 15}
    assert read_permissions(given, 2, []) == Permissions(
        play=True, max_bet_minor=500, session_minutes=60, reality_check_minutes=15
    )
