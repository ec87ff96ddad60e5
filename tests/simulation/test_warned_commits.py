"""A commit that only the primary has is never told to a provider as done."""

from __future__ import annotations

import random

from tests.simulation.warned_commits import Server, played


def test_wins_of_warned_commits_are_not_acknowledged() -> None:
    assert [played(seed, 40, "I4") for seed in range(5)] == [[]] * 5


def test_some_commits_are_warned_of_and_the_standby_misses_their_rows() -> None:
    server = Server(random.Random(1))  # noqa: S311 - replay is the point
    confirmed = [server.commit({(1, number)}) for number in range(200)]

    assert 20 < confirmed.count(False) < 80
    assert len(server.primary) == 200
    assert len(server.standby) == confirmed.count(True)
