"""The tables in memory tell the history what became durable, and nothing else."""

from __future__ import annotations

import pytest

from meganodes.journal.memory import MemoryJournal, StoreFault
from meganodes.journal.store import CommitUnknown
from meganodes.kit.clock import ManualClock
from tests.simulation.history import History, Journaled
from tests.simulation.observed import ObservedTables
from tests.support.transactions import accepted, bet, intent, moving, win


def an_observed_journal(*faults: StoreFault) -> tuple[MemoryJournal, History]:
    history = History(lambda: 2.5, lambda: 1)
    waiting = list(faults)
    journal = MemoryJournal(
        clock=ManualClock(), fault=lambda _: waiting.pop(0) if waiting else None
    )
    journal._tables = ObservedTables(history)
    return journal, history


async def test_an_intent_and_its_decision_are_told_with_their_states() -> None:
    journal, history = an_observed_journal()
    await journal.start()
    row = bet()
    await journal.commit(intent(row))
    await journal.commit(moving(accepted(row)))

    first, second = history.of(Journaled)
    assert (first.from_state, first.to_state, first.epoch) == (None, "pending", row.epoch)
    assert (second.from_state, second.to_state) == ("pending", "accepted")
    assert (second.guid, second.agent_id, second.trans_id) == (
        row.guid,
        row.agent_id,
        row.trans_id,
    )
    assert (second.at, second.node) == (2.5, 1)


async def test_a_claim_is_told_with_its_number_and_its_lease() -> None:
    journal, history = an_observed_journal()
    await journal.start()
    row = win(due_at_ms=0)
    await journal.commit(intent(row, lease_ms=None))
    (claimed,) = await journal.claim(row.agent_id, now_ms=10, limit=1, lease_ms=9_000)

    told = list(history.of(Journaled))[-1]
    assert (told.from_state, told.to_state) == ("owed", "owed")
    assert (told.attempts, told.leased, told.epoch) == (1, True, claimed.epoch)


async def test_a_lost_commit_is_not_told_and_a_ghost_is() -> None:
    journal, history = an_observed_journal(StoreFault.LOST, StoreFault.GHOST)
    await journal.start()
    with pytest.raises(CommitUnknown):
        await journal.commit(intent(bet()))
    assert not list(history.of(Journaled))

    with pytest.raises(CommitUnknown):
        await journal.commit(intent(bet()))
    assert len(list(history.of(Journaled))) == 1
