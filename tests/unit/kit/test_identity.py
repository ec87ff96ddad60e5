"""Numbers only rise, whatever the clock does; a seed repeats itself, the system does not."""

import pytest

from meganodes.kit.clock import ManualClock
from meganodes.kit.identity import (
    EPOCH_MS,
    NODE_MAX,
    TRANS_ID_MAX,
    SeededIdentity,
    SystemIdentity,
    first_trans_id,
    time_of,
)


@pytest.mark.rule("3.1-trans-id-range")
def test_trans_ids_are_positive_and_fit_a_double() -> None:
    """From the first millisecond of 2026 to the last that 41 bits can count."""
    first = SystemIdentity(ManualClock(now_ms=EPOCH_MS), 0).trans_id()
    last = SystemIdentity(ManualClock(now_ms=EPOCH_MS + 2**41 - 1), NODE_MAX).trans_id()
    assert 0 < first < last <= TRANS_ID_MAX
    assert int(float(last)) == last


def test_trans_ids_rise_beyond_64_in_one_millisecond() -> None:
    identity = SystemIdentity(ManualClock(), 5)
    numbers = [identity.trans_id() for _ in range(1_000)]
    assert numbers == sorted(set(numbers))


@pytest.mark.rule("3.1-trans-id-stored")
def test_trans_ids_never_repeat_when_the_clock_goes_back() -> None:
    clock = ManualClock()
    identity = SystemIdentity(clock, 5)
    before = [identity.trans_id() for _ in range(100)]
    clock.jump_wall(-3_600)
    after = [identity.trans_id() for _ in range(100)]
    assert min(after) > max(before)


@pytest.mark.rule("3.1-trans-id-stored")
def test_trans_ids_of_a_new_run_stay_above_the_highest_stored_one() -> None:
    clock = ManualClock()
    highest = max(SystemIdentity(clock, 63).trans_id() for _ in range(10))
    clock.jump_wall(-3_600)
    assert SystemIdentity(clock, 0, above=highest).trans_id() > highest


def test_nodes_never_make_the_same_trans_id() -> None:
    clock = ManualClock()
    nodes = [SystemIdentity(clock, node) for node in range(NODE_MAX + 1)]
    numbers = [node.trans_id() for node in nodes for _ in range(200)]
    assert len(set(numbers)) == len(numbers)


@pytest.mark.parametrize("node", [-1, 64])
def test_node_outside_its_range_is_refused(node: int) -> None:
    with pytest.raises(ValueError, match="0 to 63"):
        SystemIdentity(ManualClock(), node)


def test_clock_before_the_epoch_is_refused() -> None:
    with pytest.raises(ValueError, match="before 2026"):
        SystemIdentity(ManualClock(now_ms=EPOCH_MS - 1), 0)


def test_system_randomness_differs_every_time() -> None:
    identity = SystemIdentity(ManualClock(), 0)
    assert len(identity.token_bytes(32)) == 32
    assert identity.token_bytes(32) != identity.token_bytes(32)
    assert all(2.0 <= identity.uniform(2.0, 4.0) <= 4.0 for _ in range(100))


def _draw(identity: SeededIdentity) -> tuple[bytes, float, int]:
    return identity.token_bytes(8), identity.uniform(0, 1), identity.trans_id()


def test_same_seed_repeats_and_nodes_differ() -> None:
    assert _draw(SeededIdentity(1)) == _draw(SeededIdentity(1))
    assert _draw(SeededIdentity(1)) != _draw(SeededIdentity(2))
    assert _draw(SeededIdentity(1, node=1)) != _draw(SeededIdentity(1, node=2))


def test_seeded_trans_ids_of_nodes_do_not_meet() -> None:
    one, two = SeededIdentity(1, node=1), SeededIdentity(1, node=2)
    numbers = [each.trans_id() for each in (one, two) for _ in range(100)]
    assert len(set(numbers)) == 200
    assert min(numbers) > 0


def test_a_number_tells_when_it_was_made() -> None:
    clock = ManualClock()
    made = [SystemIdentity(clock, node).trans_id() for node in (0, NODE_MAX)]
    assert [time_of(number) for number in made] == [clock.now_ms()] * 2


def test_first_number_of_a_moment_lies_below_all_that_are_made_at_it() -> None:
    clock = ManualClock()
    now_ms = clock.now_ms()
    number = SystemIdentity(clock, 0).trans_id()
    assert first_trans_id(now_ms) <= number < first_trans_id(now_ms + 1)
    assert time_of(first_trans_id(now_ms)) == now_ms
    assert first_trans_id(0) == 0
