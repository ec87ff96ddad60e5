"""PostgreSQL answers and holds what the memory store does, after many histories."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.journal_walk import Opening, one_history, postgresql_of_many_histories

pytestmark = [pytest.mark.slow, pytest.mark.thorough]
HISTORIES = 100


@pytest.fixture
def postgresql() -> Iterator[tuple[asyncio.Runner, Opening]]:
    with postgresql_of_many_histories() as made:
        yield made


@settings(max_examples=HISTORIES, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_postgresql_equals_the_model_after_any_history(
    postgresql: tuple[asyncio.Runner, Opening], data: st.DataObject
) -> None:
    one_history(*postgresql, data)
