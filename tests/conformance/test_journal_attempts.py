"""Every journal store: the API log keeps every attempt with its bytes (contract 3.5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meganodes.journal.guards import RowRefused
from tests.conformance.journal_stores import Journal, logged
from tests.support.transactions import accepted, attempt_of, bet, committed, moving, record

REPLY_BYTES_MAX = 65_536


@pytest.mark.rule("3.5-every-attempt-kept")
async def test_attempt_is_kept_in_full(journal: Journal) -> None:
    row = await record(journal.store, bet())
    attempt = attempt_of(
        row,
        command="cancel",
        number=3,
        duration_ms=1_999,
        outcome="unknown",
        phase="sent",
        result=-1,
        http_status=502,
        request=b"\x00POST\xff",
        reply=b"<html>\xe2\x98",
        notes=("result came as text", 'with "quotes" and ä'),
        faults=("balance is missing",),
        peer_address="192.0.2.1:443",
    )
    change = replace(moving(accepted(row)), attempts=(attempt,))
    await committed(journal.store, change)
    assert await journal.reads.attempt(1, attempt.attempt_id) == attempt
    assert await journal.reads.attempts(1, row.trans_id) == (attempt,)


@pytest.mark.rule("3.5-every-attempt-kept")
async def test_attempt_that_brought_nothing_is_kept_too(journal: Journal) -> None:
    row = await record(journal.store, bet())
    attempt = attempt_of(
        row, outcome="notsent", phase="before_send", result=None, http_status=None, reply=b""
    )
    await logged(journal, attempt)
    assert await journal.reads.attempt(1, attempt.attempt_id) == attempt


async def test_attempt_that_moves_no_money_is_found_by_its_id(journal: Journal) -> None:
    attempt = replace(attempt_of(bet()), trans_id=None, command="authenticate")
    await logged(journal, attempt)
    assert await journal.reads.attempt(1, attempt.attempt_id) == attempt


async def test_attempts_of_a_transaction_come_oldest_first(journal: Journal) -> None:
    row = await record(journal.store, bet())
    attempts = [attempt_of(row, started_at_ms=at_ms) for at_ms in (30, 10, 20)]
    await logged(journal, *attempts, attempt_of(bet()))
    expected = (attempts[1], attempts[2], attempts[0])
    assert await journal.reads.attempts(1, row.trans_id) == expected


async def test_attempts_of_another_agent_are_not_seen(journal: Journal) -> None:
    row = await record(journal.store, bet(agent_id=1))
    attempt = attempt_of(row)
    await logged(journal, attempt)
    assert await journal.reads.attempts(2, row.trans_id) == ()
    assert await journal.reads.attempt(2, attempt.attempt_id) is None


@pytest.mark.rule("3.5-reply-cut")
async def test_reply_of_more_than_64_kib_is_never_stored(journal: Journal) -> None:
    row = await record(journal.store, bet())
    whole = attempt_of(row, reply=b"x" * REPLY_BYTES_MAX)
    await committed(journal.store, replace(moving(accepted(row)), attempts=(whole,)))
    assert await journal.reads.attempt(1, whole.attempt_id) == whole
    other = await record(journal.store, bet())
    uncut = attempt_of(other, reply=b"x" * (REPLY_BYTES_MAX + 1))
    with pytest.raises(RowRefused):
        await journal.store.commit(replace(moving(accepted(other)), attempts=(uncut,)))
    assert await journal.store.fetch(1, other.trans_id) == other


async def test_number_of_an_attempt_is_given_once(journal: Journal) -> None:
    row = await record(journal.store, bet())
    attempt = attempt_of(row)
    await logged(journal, attempt)
    with pytest.raises(RowRefused):
        await journal.store.commit(replace(moving(accepted(row)), attempts=(attempt,)))
    assert await journal.store.fetch(1, row.trans_id) == row


@pytest.mark.rule("3.5-kept-90-days")
async def test_attempt_is_there_in_full_after_90_days(journal: Journal) -> None:
    attempt = attempt_of(bet(), trans_id=None, request=b"asked", reply=b"answered")
    await logged(journal, attempt)
    await record(journal.store, bet(round_id="something later"))
    journal.clock.advance(90 * 86_400)
    await record(journal.store, bet(round_id="much later"))
    assert await journal.reads.attempt(1, attempt.attempt_id) == attempt
