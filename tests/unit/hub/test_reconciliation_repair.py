"""What may be repaired, as a table; that it is done right is proved in tests/conformance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from meganodes.directory.reconciliations import Reconciliations
from meganodes.directory.records import Actor
from meganodes.domain.by_hand import Repair
from meganodes.domain.outcome import Duplicate
from meganodes.domain.reconciliation import Entry, Side, Told, Verdict, judge, ours
from meganodes.domain.transaction import Kind, State, Transaction
from meganodes.hub.parked import NotDone, resume
from meganodes.hub.reconciliation import Finding
from meganodes.hub.reconciliation_repair import mend, what_is_mended, what_people_do
from meganodes.journal.store import Change, CommitResult
from meganodes.protocol.commands import Command
from tests.support.hub_world import hub_world
from tests.support.races import with_methods
from tests.support.transactions import bet

BOOKED = Entry(kind=Kind.BET, amount_minor=150, told=Told.BOOKED)
OTHER = Entry(kind=Kind.BET, amount_minor=151, told=Told.BOOKED)
CANCEL = Entry(kind=Kind.CANCEL, amount_minor=150, told=Told.BOOKED)


def finding(
    state: State | None,
    *entries: Entry,
    side: Side = Side.BACKEND,
    kind: Kind = Kind.BET,
) -> Finding:
    mine = None if state is None else ours(bet(state=state, kind=kind), side)
    judged = judge(mine, entries, side)
    return Finding(
        side=side, key="k", verdict=judged.verdict, why=judged.why, mine=mine, entries=entries
    )


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (finding(State.PARKED), "send it again"),
        (finding(State.PARKED, kind=Kind.WIN), "send it again"),
        (finding(State.VOID, BOOKED), "status"),
        (finding(State.CANCELLED, BOOKED), "status"),
    ],
)
def test_it_is_repaired_by_the_usual_path(found: Finding, word: str) -> None:
    assert word in (what_is_mended(found) or "")


@pytest.mark.parametrize(
    "found",
    [
        finding(State.ACCEPTED),  # no second debit
        finding(State.CREDITED, kind=Kind.WIN),  # the backend confirmed it: no second credit
        finding(State.REFUSED, BOOKED),  # no move leads from there
        finding(State.TOMBSTONE, BOOKED),
        finding(State.CANCELLED, CANCEL),  # nothing stands there
        finding(State.VOID, OTHER),  # another amount
        finding(State.VOID, BOOKED, BOOKED),
        finding(State.PARKED, OTHER),
        finding(None, BOOKED),
        finding(State.VOID, BOOKED, side=Side.PROVIDER),
        finding(State.ACCEPTED, side=Side.PROVIDER),
    ],
)
def test_it_is_for_people_who_are_told_what_to_do(found: Finding) -> None:
    assert found.verdict.is_difference
    assert what_is_mended(found) is None
    assert what_people_do(found)


@pytest.mark.parametrize("state", [State.PENDING, State.CANCELLING, State.NOT_SEEN_WAIT])
def test_what_the_worker_is_at_needs_nobody(state: State) -> None:
    found = finding(state)
    assert found.verdict is Verdict.OPEN
    assert what_is_mended(found) is None
    assert not what_people_do(found)


class Noted:
    """Keeps what is audited before anything is mended."""

    def __init__(self) -> None:
        self.notes: list[Mapping[str, object]] = []

    async def note_repair(
        self, agent_id: int, actor: Actor, mended: Mapping[str, object], reason: str
    ) -> None:
        assert (agent_id, actor.name, reason) == (1, "ann", BY_TWO.reason)
        self.notes.append(mended)


BY_TWO = Repair(by="ann", confirmed_by="bob", reason="late bet")


async def test_a_row_that_moves_in_the_very_moment_of_its_repair_is_left_to_who_moved_it(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet()
        world.line.next(Command.WIN, Duplicate())
        await world.win()
        await world.settle()
        row = await world.row("w1")
        agent = world.directory.agent(row.agent_id)
        assert agent is not None
        mine = ours(row, Side.BACKEND)
        judged = judge(mine, (), Side.BACKEND)
        found = Finding(
            side=Side.BACKEND,
            key=row.guid,
            verdict=judged.verdict,
            why=judged.why,
            mine=mine,
            entries=(),
        )

        async def commit(change: Change) -> CommitResult:
            world.hub.journal = world.journal
            assert isinstance(await resume(world.journal, world.hub.clock, row), Transaction)
            return await world.journal.commit(change)

        world.hub.journal = with_methods(world.journal, commit=commit)
        noted = Noted()
        by = (agent, Actor(source="cli", name="ann"))
        done = await mend(world.hub, cast("Reconciliations", noted), found, BY_TWO, by)
        assert isinstance(done, NotDone)
        assert "in this very moment" in str(done)
        assert len(noted.notes) == 1
        assert (await world.row("w1")).state is State.OWED
