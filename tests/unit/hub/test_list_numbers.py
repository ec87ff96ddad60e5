"""Numbers of the lists after a restore: unique, rising, and no reader misses anything."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from meganodes.hub.list_numbers import ListNumbers, ListSkip

AGENT = 1
_skips = st.dictionaries(st.integers(0, 30), st.integers(1, 100), max_size=5)


def numbers(skips: dict[int, int]) -> ListNumbers:
    return ListNumbers(
        ListSkip(agent_id=AGENT, after_position=after, skipped=count)
        for after, count in skips.items()
    )


def test_without_a_restore_numbers_are_positions() -> None:
    plain = ListNumbers()
    assert plain.number(AGENT, 7) == 7
    assert plain.position(AGENT, 7) == 7


def test_after_a_restore_numbers_jump_and_old_cursors_go_on_at_the_right_place() -> None:
    jumped = numbers({10: 1_000})
    assert [jumped.number(AGENT, position) for position in (9, 10, 11, 12)] == [9, 10, 1_011, 1_012]
    # A reader that had seen 10, one that had seen 40 before the restore, one that goes on now.
    assert [jumped.position(AGENT, cursor) for cursor in (10, 40, 1_011)] == [10, 10, 11]


def test_skips_of_one_agent_do_not_touch_another() -> None:
    jumped = numbers({0: 5})
    assert jumped.number(2, 3) == 3
    assert jumped.position(2, 3) == 3


@given(_skips)
def test_numbers_rise_and_none_comes_twice(skips: dict[int, int]) -> None:
    jumped = numbers(skips)
    given_out = [jumped.number(AGENT, position) for position in range(1, 50)]
    assert given_out == sorted(set(given_out))


@given(_skips, st.integers(0, 600))
def test_a_reader_goes_on_with_exactly_what_lies_above_its_cursor(
    skips: dict[int, int], cursor: int
) -> None:
    jumped = numbers(skips)
    seen_from = jumped.position(AGENT, cursor)
    for position in range(1, 50):
        assert (jumped.number(AGENT, position) > cursor) == (position > seen_from)
