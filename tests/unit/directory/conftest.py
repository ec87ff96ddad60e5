"""A directory on a database of its own, SQLite's and PostgreSQL's, with time that stands still."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from meganodes.directory.port import Directory
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import DatabaseKind, DatabaseUrl
from tests.support.directory import Surroundings, started_directory
from tests.support.places import KINDS, a_place

REFUSED_URL = "https://internal.example.com/callback"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseUrl]:
    kind: DatabaseKind = request.param
    with a_place(kind, tmp_path) as given:
        yield given


@pytest.fixture
async def directory(place: DatabaseUrl, clock: ManualClock) -> AsyncIterator[Directory]:
    around = Surroundings(
        clock=clock, refused_urls={REFUSED_URL: "callback_url leads into a private network"}
    )
    async with started_directory(place, around) as started:
        yield started
