"""Fixtures of the conformance suites: each test runs once for every implementation of its port."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path

import pytest

from tests.conformance.journal_stores import (
    Journal,
    make_template,
    open_memory,
    open_postgresql,
    open_sqlite,
)


@pytest.fixture(scope="session")
def journal_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_template(tmp_path_factory.mktemp("journal"))


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def journal(
    request: pytest.FixtureRequest, journal_template: Path, tmp_path: Path
) -> AsyncIterator[Journal]:
    """Give an open and empty journal; the suite is the same for all of them."""
    opening: dict[str, Callable[[], AbstractAsyncContextManager[Journal]]] = {
        "memory": open_memory,
        "sqlite": partial(open_sqlite, journal_template, tmp_path),
        "postgresql": open_postgresql,
    }
    async with opening[request.param]() as opened:
        yield opened
