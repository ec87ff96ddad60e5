"""A directory on a database file of its own, with time that stands still."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.port import Directory
from meganodes.kit.clock import ManualClock
from tests.support.directory import Surroundings, started_directory

REFUSED_URL = "https://internal.example.com/callback"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def database_path(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


@pytest.fixture
async def directory(database_path: Path, clock: ManualClock) -> AsyncIterator[Directory]:
    around = Surroundings(
        clock=clock, refused_urls={REFUSED_URL: "callback_url leads into a private network"}
    )
    async with started_directory(database_path, around) as started:
        yield started
