"""Open work: what is owed or parked, and why it waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from meganodes.domain.outcome import Duplicate, NotSent
from meganodes.domain.transaction import State, Step
from meganodes.hub.attempt_causes import Cause
from meganodes.hub.open_work import Why, owed_items, parked_items, why_waiting
from meganodes.protocol.commands import Command
from tests.support.hub_world import hub_world
from tests.support.rows import owed_cancel, owed_win


@pytest.mark.parametrize(
    ("changes", "circuit_open", "why"),
    [
        ({"attempts": 0}, False, Why.FIRST_ATTEMPT),
        ({"attempts": 1}, False, Why.FIRST_ATTEMPT),
        ({"attempts": 1, "failures": 1}, False, Why.REPEATING),
        ({"attempts": 2}, False, Why.REPEATING),
        ({"attempts": 2}, True, Why.CIRCUIT_OPEN),
        ({"step": Step.VERIFY}, True, Why.CHECKING),
        ({"state": State.PARKED, "step": Step.NONE, "due_at_ms": None}, True, Why.PERSON),
    ],
)
def test_a_win_says_why_it_waits(changes: dict[str, object], circuit_open: bool, why: Why) -> None:
    assert why_waiting(owed_win(**changes), circuit_open=circuit_open) is why


def test_a_cancel_of_a_bet_nobody_saw_says_so() -> None:
    row = owed_cancel(state=State.NOT_SEEN_WAIT)
    assert why_waiting(row, circuit_open=False) is Why.NOT_SEEN
    assert why_waiting(row, circuit_open=True) is Why.CIRCUIT_OPEN


async def test_owed_win_has_the_cause_of_its_last_attempt(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet()
        refused = NotSent(reason="no connection to w port 443: Connection refused")
        world.line.next(Command.WIN, refused)
        await world.win()
        (item,) = await owed_items(world.hub, 1, after=(0, 0), limit=9)
        assert (item.row.account, item.why) == ("Bob", Why.REPEATING)
        assert item.cause is Cause.CONNECTION_REFUSED
        assert item.reason == "no connection to w port 443: Connection refused"
        assert item.since_ms == item.row.owed_since_ms
        assert await parked_items(world.hub, 1, after=0, limit=9) == ()


async def test_parked_win_says_what_its_history_says(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet()
        world.line.next(Command.WIN, Duplicate())
        await world.win()
        await world.settle()
        (item,) = await parked_items(world.hub, 1, after=0, limit=9)
        assert item.why is Why.PERSON
        assert item.parked_because == "41 on the first attempt, but the status says unknown"
        assert await owed_items(world.hub, 1, after=(0, 0), limit=9) == ()
        assert await parked_items(world.hub, 2, after=0, limit=9) == ()
