"""Users of other agents and users that do not exist: told apart after one look-up (2.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast

import pytest

from meganodes.directory.port import Directory
from meganodes.journal.store import JournalReads, JournalStore
from tests.support.door import World, opened_world
from tests.support.main_api import GOOD_BODIES, PATHS, seen

OF_A_USER = [path for path in PATHS if "user_code" in GOOD_BODIES[path]]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


class Watched:
    """Passes everything on and notes what was asked of what."""

    def __init__(self, name: str, watched: object, used: list[str]) -> None:
        self._name = name
        self._watched = watched
        self._used = used

    def __getattr__(self, name: str) -> object:
        self._used.append(f"{self._name}.{name}")
        return getattr(self._watched, name)


async def way_of(world: World, path: str, user_code: int) -> tuple[tuple[int, int], list[str]]:
    """Make a call about a user; gives the answer and everything the hub looked at on the way."""
    used: list[str] = []
    hub = world.hub
    whole = (hub.directory, hub.journal, hub.reads)
    hub.directory = cast("Directory", Watched("directory", hub.directory, used))
    hub.journal = cast("JournalStore", Watched("journal", hub.journal, used))
    hub.reads = cast("JournalReads", Watched("reads", hub.reads, used))
    try:
        async with world.client() as client:
            answer = await client.post(path, json={**GOOD_BODIES[path], "user_code": user_code})
    finally:
        hub.directory, hub.journal, hub.reads = whole
    assert "data" not in answer.json()
    return seen(answer), used


def test_users_are_named_in_these_calls() -> None:
    assert OF_A_USER == ["/v4/user/info", "/v4/game/game-url", "/v4/game/round-details"]


@pytest.mark.rule("2.2-user-info-same-path", "2.2-user-info-unknown", "2.2-game-url-1010")
@pytest.mark.parametrize("path", OF_A_USER)
@pytest.mark.security("S1")
async def test_the_way_to_1010_is_the_way_to_2002(world: World, path: str) -> None:
    """The same look-ups in the same order, and the backend is asked nothing."""
    foreign = await world.foreign_user()
    to_foreign = await way_of(world, path, foreign.user_code)
    to_unknown = await way_of(world, path, foreign.user_code + 1)
    assert to_foreign[0] == (200, 1010)
    assert to_unknown[0] == (200, 2002)
    assert to_foreign[1] == to_unknown[1]
    assert to_foreign[1].count("directory.user") == 1
    assert to_foreign[1][-1] == "directory.user", "nothing is looked at afterwards"
    assert world.backend.asked == []
