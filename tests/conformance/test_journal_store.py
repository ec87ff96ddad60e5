"""Every journal store: one change is one atomic step, guarded by what the caller believes."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from meganodes.domain.transaction import Kind, State, Step, Transaction, TransactionKey, move
from meganodes.journal.guards import RowRefused
from meganodes.journal.store import (
    Change,
    Committed,
    Event,
    Insert,
    KeyTaken,
    RoundMoved,
    RoundStep,
    StateMoved,
)
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Revision
from meganodes.protocol.money import AMOUNT_MAX_MINOR
from tests.conformance.journal_stores import Journal
from tests.support.transactions import (
    START_MS,
    accepted,
    attempt_of,
    bet,
    cancelling,
    committed,
    intent,
    moving,
    record,
    win,
)

# --- rows -----------------------------------------------------------------------------------------


async def test_recorded_row_is_read_back_field_by_field(journal: Journal) -> None:
    row = bet(
        kind=Kind.CANCEL,
        state=State.VOID,
        revision=Revision.ID,
        amount_minor=AMOUNT_MAX_MINOR,
        data=b"\x00\xff{}",
        account="zoë \u2603",
        bet_transaction_id="b",
        cancel_transaction_id="c",
        epoch=3,
        code=ApiCode.OUTCOME_UNKNOWN,
        balance_minor=-5,
        outcome_unknown=True,
        cancel_asked_at_ms=1,
        decided_at_ms=2,
        step=Step.PROBE,
        due_at_ms=3,
        owed_since_ms=4,
        attempts=5,
        failures=6,
        maybe_sent=True,
        not_seen=7,
        probes=8,
        reopened=9,
        round_seq=10,
    )
    await committed(journal.store, Change(at_ms=1, inserts=(Insert(row=row, cause="x"),)))
    assert await journal.store.find(row.key) == row
    assert await journal.store.fetch(row.agent_id, row.trans_id) == row


async def test_unknown_row_is_none(journal: Journal) -> None:
    row = await record(journal.store, bet())
    assert await journal.store.find(replace(row.key, transaction_id="other")) is None
    assert await journal.store.find(replace(row.key, provider_id=8)) is None
    assert await journal.store.fetch(row.agent_id, row.trans_id + 1_000_000) is None


@pytest.mark.reliability("I11")
async def test_row_of_another_agent_is_not_seen(journal: Journal) -> None:
    row = await record(journal.store, bet(agent_id=1))
    assert await journal.store.find(replace(row.key, agent_id=2)) is None
    assert await journal.store.fetch(2, row.trans_id) is None
    assert await journal.store.events(2, row.trans_id) == ()


async def test_commit_gives_inserted_rows_then_moved_ones(journal: Journal) -> None:
    first = await record(journal.store, bet())
    decided = accepted(first)
    added = win(round_id="other")
    change = Change(at_ms=1, inserts=(Insert(row=added, cause="owed"),), moves=(decided,))
    assert await committed(journal.store, change) == (added, decided.after)
    assert await journal.store.fetch(1, first.trans_id) == decided.after


# --- guard: keys ----------------------------------------------------------------------------------


@pytest.mark.rule("4-key-unique", "4-final-durable")
@pytest.mark.parametrize("second_kind", list(Kind))
@pytest.mark.parametrize("first_kind", list(Kind))
async def test_key_is_taken_once_for_all_kinds(
    journal: Journal, first_kind: Kind, second_kind: Kind
) -> None:
    first = bet(kind=first_kind, state=State.REFUSED, transaction_id="same")
    recorded = await record(journal.store, first)
    second = bet(kind=second_kind, state=State.RECORDED, transaction_id="same", round_id="r-2")
    assert await journal.store.commit(intent(second)) == KeyTaken(row=recorded)
    assert await journal.store.fetch(1, second.trans_id) is None
    assert await journal.store.events(1, second.trans_id) == ()
    assert (await journal.store.round(second.round_key)).seq == 0


async def test_change_that_comes_again_finds_its_own_row(journal: Journal) -> None:
    """So does whoever repeats a commit of unknown outcome."""
    row = bet()
    recorded = await record(journal.store, row)
    assert await journal.store.commit(intent(row)) == KeyTaken(row=recorded)
    twice = Change(at_ms=1, inserts=(Insert(row=bet(), cause="x"), Insert(row=row, cause="x")))
    assert await journal.store.commit(twice) == KeyTaken(row=recorded)


@pytest.mark.rule("4-key-form")
async def test_keys_are_compared_byte_for_byte(journal: Journal) -> None:
    for name in ("Ab", "ab", "ab ", " ab", "a%", "a_"):
        row = await record(journal.store, bet(transaction_id=name))
        assert (await journal.store.find(row.key)) == row


async def test_key_is_taken_per_agent_and_provider(journal: Journal) -> None:
    for agent_id, provider_id in ((1, 7), (1, 8), (2, 7), (2, 8)):
        row = bet(agent_id=agent_id, provider_id=provider_id, transaction_id="same")
        await record(journal.store, row)
    key = TransactionKey(agent_id=2, provider_id=8, transaction_id="same")
    found = await journal.store.find(key)
    assert found is not None
    assert found.key == key


@pytest.mark.reliability("2.6-bet-two-nodes")
@pytest.mark.rule("4-concurrent-same-id")
async def test_of_many_at_once_one_takes_the_key(journal: Journal) -> None:
    rows = [bet(transaction_id="same", round_id=f"r-{index}") for index in range(40)]
    results = await asyncio.gather(*(journal.store.commit(intent(row)) for row in rows))
    (winner,) = [result for result in results if isinstance(result, Committed)]
    losers = [result for result in results if result is not winner]
    assert losers == [KeyTaken(row=winner.rows[0])] * 39


# --- guard: state and epoch -----------------------------------------------------------------------


async def test_move_of_a_stale_row_gives_its_present_state(journal: Journal) -> None:
    row = await record(journal.store, bet())
    decided = accepted(row)
    await committed(journal.store, moving(decided))
    refused = move(row, "refused", state=State.REFUSED)
    assert await journal.store.commit(moving(refused)) == StateMoved(row=decided.after)
    assert await journal.store.fetch(1, row.trans_id) == decided.after


@pytest.mark.reliability("2.6-database-two-owners")
async def test_epoch_alone_guards_a_move_within_the_state(journal: Journal) -> None:
    row = await record(journal.store, bet())
    wish = replace(move(row, "cancel asked for", cancel_asked_at_ms=5), keep_lease=True)
    await committed(journal.store, moving(wish))
    assert await journal.store.commit(moving(accepted(row))) == StateMoved(row=wish.after)


async def test_of_many_at_once_one_moves_a_row(journal: Journal) -> None:
    row = await record(journal.store, bet())
    changes = [moving(accepted(row, balance_minor=index)) for index in range(40)]
    results = await asyncio.gather(*(journal.store.commit(change) for change in changes))
    (winner,) = [result for result in results if isinstance(result, Committed)]
    losers = [result for result in results if result is not winner]
    assert losers == [StateMoved(row=winner.rows[0])] * 39


async def test_move_never_changes_what_was_asked(journal: Journal) -> None:
    row = await record(journal.store, bet(amount_minor=150))
    decided = accepted(row)
    forged = replace(decided, after=replace(decided.after, amount_minor=1, guid="x", round_seq=9))
    await journal.store.commit(moving(forged))
    assert await journal.store.fetch(1, row.trans_id) == decided.after


async def test_move_of_a_row_that_is_not_there_is_a_defect(journal: Journal) -> None:
    with pytest.raises(RowRefused):
        await journal.store.commit(moving(accepted(bet())))


# --- order of guards, atomicity -------------------------------------------------------------------


async def test_guards_speak_in_their_order(journal: Journal) -> None:
    """Inserts, then moves, then rounds: the first that refuses is the answer."""
    taken = await record(journal.store, bet())
    moved = await record(journal.store, bet())
    await committed(journal.store, moving(accepted(moved)))
    step = RoundStep(key=taken.round_key, expected_seq=0)
    inserts = (Insert(row=bet(transaction_id=taken.transaction_id), cause="x"),)
    moves = (accepted(moved),)

    everything = Change(at_ms=1, inserts=inserts, moves=moves, rounds=(step,))
    assert await journal.store.commit(everything) == KeyTaken(row=taken)
    without_key = replace(everything, inserts=(Insert(row=bet(), cause="x"),))
    assert await journal.store.commit(without_key) == StateMoved(row=accepted(moved).after)
    only_round = replace(without_key, moves=())
    assert await journal.store.commit(only_round) == RoundMoved(key=taken.round_key)


@pytest.mark.parametrize("last_guard", ["key", "state", "round"])
async def test_change_whose_last_guard_refuses_leaves_nothing_at_all(
    journal: Journal, last_guard: str
) -> None:
    row = await record(journal.store, bet())
    stale = await record(journal.store, bet())
    await committed(journal.store, moving(accepted(stale)))
    before = await journal.store.round(row.round_key)

    good, other = win(round_id="fresh"), win(round_id="fresh")
    good_move = accepted(row)
    logged = attempt_of(row)
    change = Change(
        at_ms=1,
        inserts=(Insert(row=good, cause="x"), Insert(row=other, cause="x")),
        moves=(good_move,),
        rounds=(RoundStep(key=good.round_key), RoundStep(key=row.round_key, expected_seq=2)),
        attempts=(logged,),
    )
    spoiled = {
        "key": replace(
            change,
            inserts=(
                *change.inserts[:1],
                Insert(row=replace(other, transaction_id=row.transaction_id), cause="x"),
            ),
        ),
        "state": replace(change, moves=(good_move, accepted(stale))),
        "round": replace(
            change,
            rounds=(*change.rounds[:1], RoundStep(key=row.round_key, expected_seq=1)),
        ),
    }[last_guard]

    assert not isinstance(await journal.store.commit(spoiled), Committed)
    assert await journal.store.find(good.key) is None
    assert await journal.store.events(1, good.trans_id) == ()
    assert await journal.store.fetch(1, row.trans_id) == row
    assert len(await journal.store.events(1, row.trans_id)) == 1
    assert (await journal.store.round(good.round_key)).seq == 0
    assert await journal.store.round(row.round_key) == before
    assert await journal.reads.attempts(1, row.trans_id) == ()
    assert await journal.store.sequence(now_ms=1, limit=10) == 1
    await committed(journal.store, change)
    assert await journal.store.sequence(now_ms=1, limit=10) == 1
    assert await journal.reads.attempts(1, row.trans_id) == (logged,)


# --- defects --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "row",
    [
        bet(amount_minor=-1),
        bet(amount_minor=AMOUNT_MAX_MINOR + 1),
        win(due_at_ms=None),
        bet(due_at_ms=START_MS),
        win(step=Step.NONE, due_at_ms=None),
        cancelling(step=Step.NONE, due_at_ms=None),
        win(state=State.CREDITED),
    ],
    ids=[
        "amount below 0",
        "amount too large",
        "due without a time",
        "a time for nothing",
        "owed win, nothing due",
        "owed cancel, nothing due",
        "credited win, still due",
    ],
)
async def test_row_that_could_lose_money_is_refused(journal: Journal, row: Transaction) -> None:
    with pytest.raises(RowRefused):
        await journal.store.commit(intent(row))
    assert await journal.store.find(row.key) is None
    assert (await journal.store.round(row.round_key)).seq == 0


async def test_number_given_out_twice_is_refused(journal: Journal) -> None:
    row = await record(journal.store, bet())
    with pytest.raises(RowRefused):
        await journal.store.commit(intent(bet(trans_id=row.trans_id)))
    assert await journal.store.fetch(1, row.trans_id) == row


async def test_same_key_twice_in_one_change_is_refused(journal: Journal) -> None:
    first, second = bet(transaction_id="same"), win(transaction_id="same")
    inserts = (Insert(row=first, cause="x"), Insert(row=second, cause="x"))
    with pytest.raises(RowRefused):
        await journal.store.commit(Change(at_ms=1, inserts=inserts))
    assert await journal.store.find(first.key) is None


async def test_same_row_moved_twice_in_one_change_is_refused(journal: Journal) -> None:
    row = await record(journal.store, bet())
    with pytest.raises(RowRefused):
        await journal.store.commit(moving(accepted(row), accepted(row)))
    assert await journal.store.fetch(1, row.trans_id) == row


async def test_defect_hurts_nobody_who_commits_at_the_same_time(journal: Journal) -> None:
    rows = [bet(round_id=f"r-{index}") for index in range(20)]
    rows[7] = replace(rows[7], amount_minor=-1)
    results = await asyncio.gather(
        *(journal.store.commit(intent(row)) for row in rows), return_exceptions=True
    )
    assert isinstance(results[7], RowRefused)
    assert [index for index, each in enumerate(results) if not isinstance(each, Committed)] == [7]
    assert await journal.store.find(rows[7].key) is None
    assert await journal.store.find(rows[8].key) is not None


# --- history --------------------------------------------------------------------------------------


@pytest.mark.reliability("I7")
async def test_each_insert_and_move_appends_one_event(journal: Journal) -> None:
    row = await record(journal.store, bet())
    wish = replace(move(row, "cancel asked for", cancel_asked_at_ms=5), keep_lease=True)
    await committed(journal.store, moving(wish, at_ms=START_MS + 1))
    decided = accepted(wish.after)
    await committed(journal.store, moving(decided, at_ms=START_MS + 2))
    assert await journal.store.events(1, row.trans_id) == (
        Event(epoch=0, at_ms=START_MS, from_state=None, to_state="pending", cause="intent"),
        Event(
            epoch=1,
            at_ms=START_MS + 1,
            from_state="pending",
            to_state="pending",
            cause="cancel asked for",
        ),
        Event(
            epoch=2,
            at_ms=START_MS + 2,
            from_state="pending",
            to_state="accepted",
            cause="accepted",
        ),
    )
