"""Places of one agent: nothing waits, nothing is above its limit (reliability 3.8)."""

from __future__ import annotations

import random
from bisect import bisect_left

import pytest

from meganodes.callbacks.bulkhead import BURST, Bulkhead, Lane
from meganodes.callbacks.settings import BulkheadSettings


def bulkhead(**changes: int) -> Bulkhead:
    return Bulkhead(BulkheadSettings(**changes))


def fill(places: Bulkhead, lane: Lane, count: int, now: float = 0.0) -> int:
    """Enter up to so many times, with time passing for the rate; the number that got in."""
    return sum(places.enter(lane, now + number) is None for number in range(count))


@pytest.mark.rule("3.4-circuit-isolated")
def test_sixty_four_calls_of_play_and_no_queue() -> None:
    places = bulkhead()
    assert fill(places, Lane.PLAY, 64) == 64
    assert places.enter(Lane.PLAY, 0.0) == "too many callbacks of the play lane are under way"
    places.leave(Lane.PLAY, alive=True)
    assert places.enter(Lane.PLAY, 0.0) is None


def test_agent_has_its_own_limit_of_play() -> None:
    places = bulkhead()
    assert places.enter(Lane.PLAY, 0.0, 2) is None
    assert places.enter(Lane.PLAY, 0.0, 2) is None
    assert places.enter(Lane.PLAY, 0.0, 2) is not None
    assert places.enter(Lane.PLAY, 0.0, 3) is None


def test_deliveries_have_sixteen_places_when_all_is_well() -> None:
    places = bulkhead()
    assert fill(places, Lane.DELIVERY, 100) == 16


def test_deliveries_grow_to_sixty_four_while_they_succeed() -> None:
    places = bulkhead()
    now = float(fill(places, Lane.DELIVERY, 16))
    for step in range(200):
        places.leave(Lane.DELIVERY, alive=True)
        assert fill(places, Lane.DELIVERY, 2, now + 2 * step) >= 1
    assert places.delivery_room(10_000.0) == 0
    places.leave(Lane.DELIVERY, alive=None)
    assert fill(places, Lane.DELIVERY, 10, 10_000.0) == 1, "64 are under way"


def test_success_without_need_does_not_grow_the_room() -> None:
    places = bulkhead()
    for step in range(100):
        assert places.enter(Lane.DELIVERY, float(step)) is None
        places.leave(Lane.DELIVERY, alive=True)
    assert fill(places, Lane.DELIVERY, 100, 1_000.0) == 16


def test_failures_halve_the_room_down_to_four() -> None:
    places = bulkhead()
    now = float(fill(places, Lane.DELIVERY, 16))
    for _ in range(16):
        places.leave(Lane.DELIVERY, alive=False)
    assert fill(places, Lane.DELIVERY, 100, now) == 4


def test_what_the_hub_held_back_teaches_nothing() -> None:
    places = bulkhead()
    now = float(fill(places, Lane.DELIVERY, 16))
    for _ in range(16):
        places.leave(Lane.DELIVERY, alive=None)
    assert fill(places, Lane.DELIVERY, 100, now) == 16


def test_backend_that_came_back_is_met_with_four() -> None:
    places = bulkhead()
    places.begin_anew()
    assert fill(places, Lane.DELIVERY, 100) == 4
    for step in range(12):
        places.leave(Lane.DELIVERY, alive=True)
        fill(places, Lane.DELIVERY, 2, 100.0 + 2 * step)
    places.leave(Lane.DELIVERY, alive=True)
    assert fill(places, Lane.DELIVERY, 100, 1_000.0) == 2, "room for 17, 15 under way"


def test_room_is_the_usual_one_again_when_nothing_is_owed() -> None:
    places = bulkhead()
    now = float(fill(places, Lane.DELIVERY, 16))
    for step in range(40):
        places.leave(Lane.DELIVERY, alive=True)
        fill(places, Lane.DELIVERY, 2, now + 2 * step)
    while places.delivery_room(10_000.0) < 10 or places._in_flight[Lane.DELIVERY]:
        places.leave(Lane.DELIVERY, alive=True)
    assert fill(places, Lane.DELIVERY, 100, 20_000.0) == 16


def test_deliveries_leave_at_most_a_hundred_times_in_any_second() -> None:
    places = bulkhead(delivery_usual=64)
    moments = []
    for millisecond in range(5_000):
        now = millisecond / 1_000
        for _ in range(3):
            if places.enter(Lane.DELIVERY, now) is None:
                moments.append(now)
                places.leave(Lane.DELIVERY, alive=True)
    busiest = max(sum(start <= moment < start + 1 for moment in moments) for start in moments[:400])
    assert busiest <= 100
    assert len(moments) >= 5 * 96


def test_rate_is_said_to_be_the_reason() -> None:
    places = bulkhead(delivery_usual=64)
    assert [places.enter(Lane.DELIVERY, 0.0) for _ in range(BURST + 1)][-1] == (
        "deliveries are held to 96 a second"
    )


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("tick_ms", [(1, 3), (25, 25), (50, 50), (40, 60), (50, 95)])
def test_asking_every_fifty_milliseconds_reaches_the_rate_and_never_a_hundred_and_one(
    tick_ms: tuple[int, int], seed: int
) -> None:
    """I12: what is owed flows at 94 a second or more; its backend never sees above 100."""
    chance = random.Random(seed)  # noqa: S311 - the same seed, the same story
    places = bulkhead()
    places.begin_anew()
    now, under_way = 1_000.0, 0
    moments: list[float] = []
    while now < 1_030.0:
        now += chance.randint(*tick_ms) / 1_000
        for _ in range(under_way):
            places.leave(Lane.DELIVERY, alive=True)
        under_way = places.delivery_room(now)
        for _ in range(under_way):
            assert places.enter(Lane.DELIVERY, now) is None, "what is promised is kept"
            moments.append(now)
    assert len(moments) >= 29.5 * 94, "at most half a second is lost while the room grows"
    in_a_second = [bisect_left(moments, start + 1) - number for number, start in enumerate(moments)]
    assert max(in_a_second) <= 100


def test_burst_after_a_rest_leaves_less_room_in_its_second() -> None:
    """Rest, burst, and the full rate from then on would be 105 in one second."""
    places = bulkhead(delivery_usual=64)
    moments: list[float] = []
    for tick in range(2_000):
        now = 50 + tick / 1_000
        while places.delivery_room(now) and places.enter(Lane.DELIVERY, now) is None:
            moments.append(now)
            places.leave(Lane.DELIVERY, alive=True)
    assert moments.count(50.0) == BURST
    assert sum(moment < 51.0 for moment in moments) == 98


def test_play_is_not_held_to_the_rate() -> None:
    places = bulkhead()
    for _ in range(1_000):
        assert places.enter(Lane.PLAY, 0.0) is None
        places.leave(Lane.PLAY, alive=True)


def test_deliveries_grow_only_into_places_that_play_does_not_use() -> None:
    places = bulkhead()
    assert fill(places, Lane.PLAY, 60) == 60
    now = float(fill(places, Lane.DELIVERY, 16))
    for step in range(50):
        places.leave(Lane.DELIVERY, alive=True)
        fill(places, Lane.DELIVERY, 3, now + 3 * step)
    assert places._in_flight[Lane.DELIVERY] == 16


def test_tests_have_a_few_places_of_their_own() -> None:
    places = bulkhead()
    assert fill(places, Lane.TEST, 10) == 4
    places.leave(Lane.TEST, alive=False)
    assert fill(places, Lane.DELIVERY, 100) == 16, "a test teaches nothing"


def test_room_for_deliveries_is_what_could_start_now() -> None:
    places = bulkhead()
    assert places.delivery_room(0.0) == BURST
    for left in reversed(range(BURST)):
        assert places.enter(Lane.DELIVERY, 0.0) is None
        assert places.delivery_room(0.0) == left
    assert places.delivery_room(1.0) == 6, "of the 16 places"
    assert fill(places, Lane.DELIVERY, 7, 1.0) == 6
    assert places.delivery_room(100.0) == 0, "all 16 places are taken"


def test_clock_that_stands_still_gives_no_tokens() -> None:
    places = bulkhead(delivery_usual=64)
    assert fill(places, Lane.DELIVERY, 1, 5.0) == 1
    for _ in range(BURST - 1):
        assert places.enter(Lane.DELIVERY, 5.0) is None
    assert places.enter(Lane.DELIVERY, 4.0) is not None


@pytest.mark.parametrize("seed", range(20))
def test_sockets_of_one_agent_are_never_above_eighty(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same seed, the same story
    places = bulkhead()
    under_way: list[Lane] = []
    now = 0.0
    for _ in range(3_000):
        now += chance.random() / 50
        lane = chance.choice(list(Lane))
        if chance.random() < 0.6 and places.enter(lane, now) is None:
            under_way.append(lane)
        elif under_way:
            gone = under_way.pop(chance.randrange(len(under_way)))
            places.leave(gone, alive=chance.choice((True, True, True, False, None)))
        assert len(under_way) <= 80
        assert under_way.count(Lane.PLAY) <= 64
        assert under_way.count(Lane.DELIVERY) <= 64
        assert under_way.count(Lane.TEST) <= 4
        assert places.delivery_room(now) >= 0


def test_all_places_together_are_limited() -> None:
    places = bulkhead(sockets_max=3)
    assert fill(places, Lane.PLAY, 3) == 3
    refused = "too many callbacks to this backend are under way"
    assert places.enter(Lane.TEST, 0.0) == refused
    assert places.enter(Lane.DELIVERY, 0.0) == refused
    assert places.delivery_room(0.0) == 0


@pytest.mark.parametrize(("processes", "places_of_each"), [(1, 64), (2, 32), (3, 22), (64, 1)])
def test_processes_share_the_places_of_an_agent(processes: int, places_of_each: int) -> None:
    places = bulkhead(processes=processes)
    assert fill(places, Lane.PLAY, 100) == places_of_each


def test_an_agents_own_limit_is_shared_too_and_leaves_each_process_one() -> None:
    places = bulkhead(processes=4)
    assert [places.enter(Lane.PLAY, 0.0, 5) is None for _ in range(3)] == [True, True, False]
    single = bulkhead(processes=4)
    assert [single.enter(Lane.PLAY, 0.0, 1) is None for _ in range(2)] == [True, False]


@pytest.mark.parametrize("processes", [1, 2, 4, 8])
def test_deliveries_of_all_processes_together_stay_below_a_hundred_a_second(processes: int) -> None:
    most = 0
    each = [bulkhead(processes=processes) for _ in range(processes)]
    left: list[float] = []
    for step in range(400):
        now = step * 0.01
        for places in each:
            while places.enter(Lane.DELIVERY, now) is None:
                places.leave(Lane.DELIVERY, alive=True)
                left.append(now)
        most = max(most, len(left) - bisect_left(left, now - 0.9999))
    assert most <= 100
    assert len(left) > 4 * 50, "and they use most of it"
