"""Iterators over the list of transactions: each one once, on from where they were."""

from __future__ import annotations

import pytest

from meganodes.protocol.commands import TransType
from meganodes.sdk.client import AsyncTransactions, HubUnreachable, Transaction, Transactions


def transaction(position: int) -> Transaction:
    return Transaction(
        position=position,
        kind=TransType.BET,
        callback_id=f"mn-{position}",
        cancelled_id=None,
        user_code=400_000_001,
        round_id="r-1",
        provider_id=7,
        game_code="fruits",
        amount_minor=100,
        balance_before_minor=None,
        balance_minor=None,
        currency_code="EUR",
        listed_at_ms=0,
        created_at="",
    )


class Listed:
    """A list that grows, asked as the hub is; the asks are remembered."""

    def __init__(self, count: int, limit: int) -> None:
        self.count = count
        self.limit = limit
        self.asked: list[int] = []
        self.failures = 0

    def fetch(self, after: int) -> tuple[Transaction, ...]:
        self.asked.append(after)
        if self.failures:
            self.failures -= 1
            raise HubUnreachable("the line was cut")
        end = min(self.count, after + self.limit)
        return tuple(map(transaction, range(after + 1, end + 1)))

    async def fetch_async(self, after: int) -> tuple[Transaction, ...]:
        return self.fetch(after)


def test_everything_is_read_page_by_page() -> None:
    hub = Listed(7, 3)
    assert [each.position for each in Transactions(hub.fetch, 0, 3)] == [1, 2, 3, 4, 5, 6, 7]
    assert hub.asked == [0, 3, 6]


def test_a_page_that_is_full_is_followed_by_one_more() -> None:
    hub = Listed(6, 3)
    assert len(list(Transactions(hub.fetch, 0, 3))) == 6
    assert hub.asked == [0, 3, 6]


def test_reading_begins_behind_a_position() -> None:
    hub = Listed(7, 3)
    assert [each.position for each in Transactions(hub.fetch, 5, 3)] == [6, 7]


def test_a_later_loop_goes_on_with_what_is_new() -> None:
    hub = Listed(4, 3)
    reading = Transactions(hub.fetch, 0, 3)
    assert len(list(reading)) == 4
    assert list(reading) == []
    hub.count = 6
    assert [each.position for each in reading] == [5, 6]
    assert reading.position == 6


def test_after_a_failure_nothing_is_missing_and_nothing_comes_twice() -> None:
    hub = Listed(7, 3)
    reading = Transactions(hub.fetch, 0, 3)
    seen = [next(reading).position for _ in range(3)]
    hub.failures = 1
    with pytest.raises(HubUnreachable):
        next(reading)
    assert reading.position == 3
    assert [*seen, *(each.position for each in reading)] == [1, 2, 3, 4, 5, 6, 7]


def test_the_position_is_that_of_what_was_given_and_not_of_what_was_fetched() -> None:
    reading = Transactions(Listed(7, 3).fetch, 0, 3)
    next(reading)
    assert reading.position == 1


async def test_the_asynchronous_one_does_the_same() -> None:
    hub = Listed(7, 3)
    reading = AsyncTransactions(hub.fetch_async, 2, 3)
    assert [each.position async for each in reading] == [3, 4, 5, 6, 7]
    hub.count = 8
    assert [each.position async for each in reading] == [8]
    hub.failures = 1
    with pytest.raises(HubUnreachable):
        await anext(reading)
    assert [each.position async for each in reading] == []


@pytest.mark.parametrize(("after", "limit"), [(-1, 10), (0, 0), (0, 2001)])
def test_what_the_hub_would_refuse_is_refused_at_once(after: int, limit: int) -> None:
    with pytest.raises(ValueError, match="position"):
        Transactions(Listed(1, 1).fetch, after, limit)
