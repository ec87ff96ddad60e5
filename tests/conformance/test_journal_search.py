"""Every journal store: people find transactions by what they are, and by any id they have."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meganodes.domain.transaction import Kind, State, Transaction
from meganodes.journal.search import Counted, Found, Sought
from meganodes.journal.store import Change, Insert
from tests.conformance.journal_stores import Journal, logged
from tests.support.transactions import (
    attempt_of,
    bet,
    committed,
    record,
    settled_bet,
    settled_win,
    win,
)

EVERYTHING = Sought(agent_id=1, first=0, past=2**53)


async def counted(journal: Journal, sought: Sought, count_max: int) -> Counted:
    """Count beside a page of one row, which must be the page that a look alone brings."""
    found, counted = await journal.reads.search_and_count(sought, 1, count_max)
    assert found == await journal.reads.search(sought, 1)
    return counted


async def trans_ids(journal: Journal, sought: Sought, limit: int = 50) -> list[int]:
    return [row.trans_id for row in (await journal.reads.search(sought, limit)).rows]


def ids(*rows: Transaction) -> list[int]:
    return [row.trans_id for row in rows]


async def test_rows_come_newest_first_and_only_the_agents_own(journal: Journal) -> None:
    first, second = await settled_bet(journal.store), await settled_win(journal.store)
    await record(journal.store, bet(agent_id=2))
    assert await trans_ids(journal, EVERYTHING) == ids(second, first)


async def test_pages_follow_one_another_without_a_gap_or_a_repeat(journal: Journal) -> None:
    rows = [await record(journal.store, bet(transaction_id=f"p-{n}")) for n in range(5)]
    seen: list[int] = []
    sought = EVERYTHING
    while sought.past > sought.first:
        found = await journal.reads.search(sought, 2)
        seen += ids(*found.rows)
        sought = replace(sought, past=found.reached)
    assert seen == ids(*reversed(rows))


async def test_pages_of_newer_rows_follow_one_another_without_a_gap_or_a_repeat(
    journal: Journal,
) -> None:
    rows = [await record(journal.store, bet(transaction_id=f"p-{n}")) for n in range(5)]
    await record(journal.store, bet(agent_id=2))
    seen: list[int] = []
    sought = EVERYTHING
    while sought.first < sought.past:
        found = await journal.reads.search_newer(sought, 2)
        seen = ids(*found.rows) + seen
        sought = replace(sought, first=found.reached)
    assert seen == ids(*reversed(rows))


async def test_a_look_for_newer_rows_takes_the_oldest_that_fit_newest_first(
    journal: Journal,
) -> None:
    wins = [await record(journal.store, win()) for _ in range(3)]
    await record(journal.store, bet())
    sought = replace(EVERYTHING, kind=Kind.WIN, first=wins[0].trans_id + 1)
    full = await journal.reads.search_newer(sought, 1)
    assert full == Found(rows=(wins[1],), reached=wins[1].trans_id + 1)
    whole = await journal.reads.search_newer(replace(sought, user_code=wins[0].user_code), 5)
    assert whole == Found(rows=(wins[2], wins[1]), reached=sought.past)


async def test_a_full_page_reaches_its_last_row_and_a_short_one_the_end(journal: Journal) -> None:
    rows = [await record(journal.store, bet()) for _ in range(3)]
    full = await journal.reads.search(EVERYTHING, 2)
    assert full == Found(rows=(rows[2], rows[1]), reached=rows[1].trans_id)
    assert (await journal.reads.search(EVERYTHING, 4)).reached == 0


async def test_numbers_bound_a_look_from_first_to_before_past(journal: Journal) -> None:
    a, b, c = [await record(journal.store, bet()) for _ in range(3)]
    between = replace(EVERYTHING, first=a.trans_id, past=c.trans_id)
    assert await trans_ids(journal, between) == ids(b, a)


@pytest.mark.parametrize(
    "question",
    [
        {"kind": Kind.WIN},
        {"states": (State.OWED,)},
        {"user_code": 400_000_002},
        {"provider_id": 8},
        {"game_code": "lemons"},
        {"round_id": "r-9"},
        {"amount_min_minor": 200},
    ],
    ids=lambda question: next(iter(question)),
)
async def test_each_question_keeps_what_fits_and_nothing_else(
    journal: Journal, question: dict[str, object]
) -> None:
    await record(journal.store, bet())
    other = win(
        user_code=400_000_002,
        provider_id=8,
        game_code="lemons",
        round_id="r-9",
        amount_minor=200,
    )
    fitting = await record(journal.store, other)
    sought = replace(EVERYTHING, **question)  # type: ignore[arg-type]
    assert await trans_ids(journal, sought) == ids(fitting)
    assert await counted(journal, sought, 10) == Counted(count=1, is_all=True)


async def test_amounts_are_compared_with_both_ends_included(journal: Journal) -> None:
    rows = [await record(journal.store, bet(amount_minor=each)) for each in (99, 100, 200, 201)]
    sought = replace(EVERYTHING, amount_min_minor=100, amount_max_minor=200)
    assert await trans_ids(journal, sought) == ids(rows[2], rows[1])


async def test_all_questions_at_once_must_fit(journal: Journal) -> None:
    row = await record(journal.store, win())
    fits = replace(EVERYTHING, kind=Kind.WIN, states=(State.OWED, State.PARKED), round_id="r-1")
    assert await trans_ids(journal, fits) == ids(row)
    assert await trans_ids(journal, replace(fits, user_code=1)) == []


async def test_rows_that_only_remember_a_cancel_are_never_listed(journal: Journal) -> None:
    row = bet(kind=Kind.CANCEL, state=State.RECORDED)
    await committed(journal.store, Change(at_ms=1, inserts=(Insert(row=row, cause="cancel"),)))
    assert await trans_ids(journal, EVERYTHING) == []
    assert await counted(journal, EVERYTHING, 10) == Counted(count=0, is_all=True)


async def test_a_count_stops_at_its_limit_and_says_so(journal: Journal) -> None:
    for _ in range(3):
        await record(journal.store, bet())
    assert await counted(journal, EVERYTHING, 2) == Counted(count=2, is_all=False)
    assert await counted(journal, EVERYTHING, 3) == Counted(count=3, is_all=True)


async def test_a_row_goes_by_its_number_its_guid_its_cancels_and_the_providers_id(
    journal: Journal,
) -> None:
    row = await record(journal.store, bet(transaction_id="spin 7"))
    await record(journal.store, bet())
    for text in (str(row.trans_id), row.guid, row.cancel_guid, "spin 7"):
        found = await journal.reads.named(text, {1}, {7})
        assert found.transactions == (row,), text


@pytest.mark.security("S1")
async def test_a_name_is_looked_for_among_the_named_agents_only(journal: Journal) -> None:
    """S1: what is not in sight is not found by any of its names."""
    row = await record(journal.store, bet(agent_id=2, round_id="r-far"))
    attempt = attempt_of(row)
    await logged(journal, attempt)
    for text in (str(row.trans_id), row.guid, row.transaction_id, "r-far", str(attempt.attempt_id)):
        found = await journal.reads.named(text, {1, 3}, {7})
        assert (found.transactions, found.rounds, found.attempts) == ((), (), ()), text


async def test_a_providers_id_is_looked_for_at_the_given_providers(journal: Journal) -> None:
    row = await record(journal.store, bet(transaction_id="same"))
    other = await record(journal.store, bet(transaction_id="same", provider_id=8))
    assert (await journal.reads.named("same", {1}, {8})).transactions == (other,)
    both = await journal.reads.named("same", {1}, {7, 8})
    assert set(both.transactions) == {row, other}


async def test_rounds_and_attempts_are_found_by_their_ids(journal: Journal) -> None:
    row = await record(journal.store, bet(round_id="r-named"))
    attempt = attempt_of(row)
    await committed(journal.store, Change(at_ms=1, attempts=(attempt,)))
    assert (await journal.reads.named("r-named", {1}, {7})).rounds == (row.round_key,)
    found = await journal.reads.named(str(attempt.attempt_id), {1}, {7})
    assert found.attempts == ((1, row.trans_id),)


@pytest.mark.parametrize("text", ["", "0", "-1", "nothing", "9" * 40, "mn-", "\U0001f600", "1e5"])
async def test_what_nothing_goes_by_finds_nothing(journal: Journal, text: str) -> None:
    await record(journal.store, bet())
    found = await journal.reads.named(text, {1}, {7})
    assert (found.transactions, found.rounds, found.attempts) == ((), (), ())
