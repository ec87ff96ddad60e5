"""What the listener asks of the operating system."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import pytest

from meganodes.bootstrap.server import _raise_file_limit


@pytest.fixture
def hard_limit() -> Iterator[int]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_the_limit_of_open_files_is_raised_as_far_as_connections_need(hard_limit: int) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (400, hard_limit))
    assert _raise_file_limit(300) == 300
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == 500


def test_no_more_connections_are_let_in_than_files_may_be_open(hard_limit: int) -> None:
    if hard_limit == resource.RLIM_INFINITY:
        assert _raise_file_limit(5_000) == 5_000
    else:
        assert _raise_file_limit(hard_limit + 1) == hard_limit - 200


def test_a_limit_that_is_high_enough_stays() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert _raise_file_limit(1) == 1
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == before
