"""Commits of unknown outcome: read until it is known, act on rows alone (reliability 2.6)."""

from __future__ import annotations

from pathlib import Path

import pytest

from meganodes.callbacks.gateway import Call
from meganodes.domain.outcome import Outcome
from meganodes.domain.transaction import State
from meganodes.journal.memory import StoreFault
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from tests.support.hub_world import World, hub_world


def fail_next(world: World, *faults: StoreFault) -> None:
    """Let the next commits be lost or ghosts."""
    world.faults.clear()
    world.faults.extend(faults)


@pytest.mark.reliability("2.6-bet-intent-commit-unknown", "I10")
@pytest.mark.parametrize("fault", [StoreFault.LOST, StoreFault.GHOST])
async def test_an_intent_whose_commit_is_unknown_is_never_sent(
    tmp_path: Path, fault: StoreFault
) -> None:
    async with hub_world(tmp_path, bet_lease_ms=1) as world:
        fail_next(world, fault)
        assert (await world.bet()).code is ApiCode.TRY_AGAIN
        assert world.line.sent == []
        await world.settle()
        answer = await world.bet()
        if fault is StoreFault.LOST:
            assert (answer.code, answer.replay) == (ApiCode.OK, False)
        else:
            assert (answer.code, answer.replay) == (ApiCode.OUTCOME_UNKNOWN, True)
            assert "bet" not in world.line.commands()


@pytest.mark.reliability("2.6-bet-decision-commit-unknown")
@pytest.mark.parametrize("fault", [StoreFault.LOST, StoreFault.GHOST])
async def test_a_decision_whose_commit_is_unknown_is_found_out(
    tmp_path: Path, fault: StoreFault
) -> None:
    async with hub_world(tmp_path) as world:

        async def accept_then_lose(call: Call) -> Outcome:
            fail_next(world, fault)
            return world.line.execute(call)

        world.line.next(Command.BET, accept_then_lose)
        answer = await world.bet()
        assert (answer.code, answer.balance_minor) == (ApiCode.OK, 850)
        assert (await world.row("b1")).epoch == 1


@pytest.mark.reliability("2.6-win-not-yet-durable", "I3")
@pytest.mark.parametrize("fault", [StoreFault.LOST, StoreFault.GHOST])
async def test_a_win_whose_commit_is_unknown_is_recorded_once_and_sent_once(
    tmp_path: Path, fault: StoreFault
) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet()
        fail_next(world, fault)
        answer = await world.win()
        assert (answer.code, answer.delivered) == (ApiCode.OK, True)
        assert world.line.commands() == ["bet", "win"]
        assert world.balance == 1_050


@pytest.mark.reliability("2.6-win-not-yet-durable")
@pytest.mark.rule("4-try-again")
async def test_a_journal_that_stays_silent_is_answered_with_try_again(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet()
        fail_next(world, *[StoreFault.LOST] * 60)
        assert (await world.win()).code is ApiCode.TRY_AGAIN
        fail_next(world)
        assert (await world.win()).delivered is True


async def test_a_cancel_whose_commit_was_a_ghost_is_sent_once(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet()
        fail_next(world, StoreFault.GHOST)
        answer = await world.cancel()
        assert (answer.code, answer.delivered) == (ApiCode.OK, True)
        await world.settle()
        assert world.line.commands() == ["bet", "cancel"]
        assert (await world.row("b1")).state is State.CANCELLED
