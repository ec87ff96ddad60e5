"""A catalogue that another process imports reaches a working node soon, and does not hold it up."""

from __future__ import annotations

import time

from meganodes.hub.catalogue import read_catalogue
from meganodes.hub.catalogue_writing import write_catalogue
from meganodes.kit.clock import SystemClock
from meganodes.kit.database import DatabaseUrl
from tests.support.catalogue import a_catalogue, set_up_providers
from tests.support.directory import Surroundings, started_directory
from tests.support.listener import eventually

LOOP_CPU_SECONDS_MAX = 0.1


async def test_five_thousand_games_are_seen_and_cost_the_event_loop_next_to_nothing(
    place: DatabaseUrl,
) -> None:
    """What a pause would be is measured as processor time of the loop's own thread."""
    content = write_catalogue(a_catalogue(), is_csv=False)
    around = Surroundings(clock=SystemClock())
    async with (
        started_directory(place, around) as node,
        started_directory(place, around) as office,
    ):
        read = read_catalogue(content, is_csv=False)
        await set_up_providers(office, read.providers)
        await node.refresh()
        await office.import_catalogue(read.providers)
        before = time.thread_time()
        last = read.providers[-1]
        await eventually(lambda: len(node.games_of(last.provider_id)) > 0, seconds=30)
        await node.refresh()
        spent = time.thread_time() - before
        for each in read.providers:
            assert node.games_of(each.provider_id) == each.games
    assert spent < LOOP_CPU_SECONDS_MAX
