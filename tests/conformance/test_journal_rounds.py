"""Every journal store: a round goes on step by step, and says so to who judged an older one."""

from __future__ import annotations

import pytest

from meganodes.domain.transaction import Kind, State
from meganodes.journal.store import Change, Insert, RoundClosed, RoundMoved, RoundStep
from tests.conformance.journal_stores import Journal
from tests.support.transactions import bet, committed, intent, record, round_key, win


async def test_unknown_round_is_empty(journal: Journal) -> None:
    view = await journal.store.round(round_key())
    assert (view.seq, view.closed, view.wins, view.bets) == (0, False, 0, ())
    assert await journal.store.round_rows(round_key()) == ()


async def test_each_step_of_a_round_adds_one_and_numbers_its_rows(journal: Journal) -> None:
    first = await record(journal.store, bet())
    second = await record(journal.store, bet())
    assert (first.round_seq, second.round_seq) == (1, 2)
    view = await journal.store.round(round_key())
    assert (view.seq, view.bets) == (2, (first, second))


async def test_rows_of_another_round_are_not_numbered_by_the_step(journal: Journal) -> None:
    inside, outside = bet(), bet(round_id="r-2")
    change = Change(
        at_ms=1,
        inserts=(Insert(row=inside, cause="x"), Insert(row=outside, cause="x")),
        rounds=(RoundStep(key=inside.round_key),),
    )
    rows = await committed(journal.store, change)
    assert [row.round_seq for row in rows] == [1, 0]
    assert (await journal.store.round(outside.round_key)).bets == (outside,)


async def test_step_of_two_rounds_in_one_change(journal: Journal) -> None:
    named = await record(journal.store, bet(round_id="named"))
    row = win(round_id="own")
    change = Change(
        at_ms=1,
        inserts=(Insert(row=row, cause="owed"),),
        rounds=(
            RoundStep(key=row.round_key, expected_seq=0, wins=1, close=True),
            RoundStep(key=named.round_key, expected_seq=1, wins=1),
        ),
    )
    (recorded,) = await committed(journal.store, change)
    assert recorded.round_seq == 1
    own, other = (
        await journal.store.round(row.round_key),
        await journal.store.round(named.round_key),
    )
    assert (own.seq, own.wins, own.closed) == (1, 1, True)
    assert (other.seq, other.wins, other.closed) == (2, 1, False)


@pytest.mark.reliability("2.6-win-many-zero-late")
async def test_wins_of_a_round_add_up_and_closed_stays_closed(journal: Journal) -> None:
    for wins, close in ((2, False), (0, True), (3, False)):
        step = RoundStep(key=round_key(), wins=wins, close=close)
        await committed(journal.store, intent(win(), step=step))
    view = await journal.store.round(round_key())
    assert (view.seq, view.wins, view.closed) == (3, 5, True)


async def test_step_with_a_stale_seq_writes_nothing(journal: Journal) -> None:
    first = await record(journal.store, bet())
    row = win()
    stale = intent(row, step=RoundStep(key=row.round_key, expected_seq=0, wins=1))
    assert await journal.store.commit(stale) == RoundMoved(key=row.round_key)
    assert await journal.store.find(row.key) is None
    view = await journal.store.round(row.round_key)
    assert (view.seq, view.wins, view.bets) == (1, 0, (first,))


@pytest.mark.rule("4-closed-round")
async def test_closed_round_takes_wins_but_refuses_what_needs_it_open(journal: Journal) -> None:
    row = await record(journal.store, bet())
    closing = win()
    await committed(
        journal.store,
        intent(closing, step=RoundStep(key=row.round_key, expected_seq=1, wins=1, close=True)),
    )
    late_bet, late_win = bet(), win()
    must_be_open = RoundStep(key=row.round_key, must_be_open=True)
    refused = await journal.store.commit(intent(late_bet, step=must_be_open))
    assert refused == RoundClosed(key=row.round_key)
    assert await journal.store.find(late_bet.key) is None
    await record(journal.store, late_win)
    view = await journal.store.round(row.round_key)
    assert (view.seq, view.closed, view.wins) == (3, True, 1)


async def test_closed_is_said_before_moved(journal: Journal) -> None:
    row = bet()
    await committed(journal.store, intent(row, step=RoundStep(key=row.round_key, close=True)))
    both = RoundStep(key=row.round_key, expected_seq=0, must_be_open=True)
    assert await journal.store.commit(intent(bet(), step=both)) == RoundClosed(key=row.round_key)


async def test_rounds_of_other_users_and_providers_are_other_rounds(journal: Journal) -> None:
    rows = [
        await record(journal.store, bet(**{name: value}))
        for name, value in (
            ("agent_id", 2),
            ("provider_id", 8),
            ("user_code", 5),
            ("round_id", "R-1"),
        )
    ]
    assert [row.round_seq for row in rows] == [1, 1, 1, 1]
    assert (await journal.store.round(round_key())).seq == 0


async def test_round_rows_are_bets_and_wins_in_the_order_they_were_recorded(
    journal: Journal,
) -> None:
    first = await record(journal.store, bet(trans_id=10_000_000, state=State.REFUSED))
    second = await record(journal.store, win(trans_id=9_000_000))
    cancel = bet(kind=Kind.CANCEL, state=State.RECORDED)
    await committed(journal.store, Change(at_ms=1, inserts=(Insert(row=cancel, cause="x"),)))
    third = await record(journal.store, bet(trans_id=8_000_000))
    assert await journal.store.round_rows(round_key()) == (first, second, third)
    assert (await journal.store.round(round_key())).bets == (first, third)


# --- rounds by name -------------------------------------------------------------------------------


async def test_rounds_of_a_name_are_found_at_every_provider(journal: Journal) -> None:
    for provider_id in (9, 3, 7):
        await record(journal.store, bet(provider_id=provider_id))
    named = await journal.reads.rounds_named(1, round_key().user_code, "r-1")
    assert named == tuple(round_key(provider_id=provider_id) for provider_id in (3, 7, 9))


async def test_rounds_of_others_and_of_other_names_are_not_found(journal: Journal) -> None:
    row = await record(journal.store, bet())
    for other in ({"agent_id": 2}, {"user_code": 5}, {"round_id": "R-1"}, {"round_id": "r-10"}):
        await record(journal.store, bet(**other))
    assert await journal.reads.rounds_named(1, row.user_code, "r-1") == (row.round_key,)
    assert await journal.reads.rounds_named(2, row.user_code, "r-1") == (round_key(agent_id=2),)
    assert await journal.reads.rounds_named(3, row.user_code, "r-1") == ()
    assert await journal.reads.rounds_named(1, row.user_code, "r-2") == ()
