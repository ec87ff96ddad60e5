"""Fixtures of the conformance suites: each test runs once for every implementation of its port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio
from pytest_asyncio import is_async_test

from meganodes.kit.database import DatabaseKind, DatabaseUrl
from tests.conformance.journal_stores import (
    Journal,
    make_template,
    open_memory,
    open_postgresql,
    open_sqlite,
)
from tests.support.kept_connections import KeptConnections
from tests.support.places import KINDS, a_place


@pytest.fixture(scope="session")
def journal_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("journal"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the journal's tests on one event loop: connections to PostgreSQL live as long as theirs.

    Opening them for each test costs more than the tests. Only the tests of this folder: the hook
    is handed those of the whole run, and other files have a fixture of the same name.
    """
    here = [item for item in items if item.path.is_relative_to(Path(__file__).parent)]
    for item in here:
        if "journal" in getattr(item, "fixturenames", ()) and is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def kept_connections() -> AsyncIterator[KeptConnections]:
    kept = KeptConnections()
    yield kept
    await kept.close()


@pytest_asyncio.fixture(loop_scope="session", params=["memory", "sqlite", "postgresql"])
async def journal(
    request: pytest.FixtureRequest,
    journal_template: Path,
    tmp_path: Path,
    kept_connections: KeptConnections,
) -> AsyncIterator[Journal]:
    """Give an open and empty journal; the suite is the same for all of them."""
    opening: dict[str, Callable[[], AbstractAsyncContextManager[Journal]]] = {
        "memory": open_memory,
        "sqlite": partial(open_sqlite, journal_template, tmp_path),
        "postgresql": partial(open_postgresql, kept_connections),
    }
    async with opening[request.param]() as opened:
        yield opened


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DatabaseUrl]:
    """Give a database for a directory; the suite is the same for all of them."""
    kind: DatabaseKind = request.param
    with a_place(kind, tmp_path) as given:
        yield given
