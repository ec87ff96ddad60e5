"""A database store answers and holds what the memory store does, after any history."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.journal_stores import Journal, open_sqlite
from tests.conformance.journal_walk import Opening, one_history, postgresql_of_many_histories
from tests.support.effort import effort

pytestmark = pytest.mark.thorough
HISTORIES = effort(30, 100)
SERVERS_HISTORIES = effort(20, 100)
"""Each step is a way to the server and back."""


@asynccontextmanager
async def _fresh_sqlite(template: Path) -> AsyncIterator[Journal]:
    with tempfile.TemporaryDirectory() as folder:
        async with open_sqlite(template, Path(folder)) as opened:
            yield opened


@pytest.fixture
def sqlite(journal_template: Path) -> Iterator[tuple[asyncio.Runner, Opening]]:
    with asyncio.Runner() as runner:
        yield runner, partial(_fresh_sqlite, journal_template)


@pytest.fixture
def postgresql() -> Iterator[tuple[asyncio.Runner, Opening]]:
    with postgresql_of_many_histories() as made:
        yield made


@pytest.mark.reliability("I7")
@settings(max_examples=HISTORIES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_sqlite_equals_the_model_after_any_history(
    sqlite: tuple[asyncio.Runner, Opening], data: st.DataObject
) -> None:
    one_history(*sqlite, data)


@pytest.mark.reliability("I7")
@settings(max_examples=SERVERS_HISTORIES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_postgresql_equals_the_model_after_any_history(
    postgresql: tuple[asyncio.Runner, Opening], data: st.DataObject
) -> None:
    one_history(*postgresql, data)
