"""A node that stops at each point of a bet (reliability 2.6), and another that goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from meganodes.callbacks.gateway import Call
from meganodes.domain.outcome import Duplicate, NotSeen, Outcome, Refused
from meganodes.domain.transaction import State
from meganodes.journal.memory import StoreFault
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from tests.support.hub_world import FAST, TIME_OUT, World, hub_world
from tests.support.stopped_nodes import Stop, for_ever, killed_at, stop_at_commit

SOON_VOID = replace(FAST, not_seen_window_ms=-5_000, void_probes_ms=(1, 2, 3))
"""The window of a bet that was not seen is over at once, and so are the pauses of its probes."""
STILL_WAITING = replace(FAST, not_seen_window_ms=3_600_000)


async def until_state(world: World, state: State) -> None:
    """Let the worker do what is due until the bet is in this state."""
    for _ in range(60):
        await world.settle(ticks=5)
        if (await world.row("b1")).state is state:
            return
    raise AssertionError((await world.row("b1")).state)


def cancel_guids(world: World) -> set[str]:
    return {call.webhook_id for call in world.line.sent if call.command is Command.CANCEL}


@pytest.mark.reliability("2.6-bet-lost-request", "2.6-bet-crash-before-intent")
async def test_a_node_that_stops_before_the_intent_is_durable_leaves_nothing(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path) as world:
        reached = stop_at_commit(world, 1, Stop.BEFORE)
        node = await killed_at(world, reached, world.bet)
        assert await node.journal.open_work() == ()
        again = await node.bet()
        assert (again.code, again.replay) == (ApiCode.OK, False), "nobody had heard of it"
        assert node.line.commands() == ["bet"]


@pytest.mark.reliability("2.6-bet-lost-request", "2.6-bet-crash-before-intent")
async def test_a_cancel_of_a_bet_that_a_stopped_node_never_recorded_keeps_it_away_for_ever(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path) as world:
        reached = stop_at_commit(world, 1, Stop.BEFORE)
        node = await killed_at(world, reached, world.bet)
        assert (await node.cancel()).delivered is True
        assert (await node.row("b1")).state is State.TOMBSTONE
        assert (await node.bet()).code is ApiCode.TRANSACTION_CANCELLED
        assert node.line.sent == []


@pytest.mark.reliability("2.6-bet-crash-before-send")
async def test_a_bet_whose_node_stopped_before_the_send_ends_as_void_and_is_never_sent(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path, bet_lease_ms=1, schedule=SOON_VOID) as world:
        reached = stop_at_commit(world, 1, Stop.AFTER)
        node = await killed_at(world, reached, world.bet)
        assert (await node.row("b1")).state is State.PENDING
        await until_state(node, State.VOID)
        assert "bet" not in node.line.commands()
        again = await node.bet()
        assert (again.code, again.replay) == (ApiCode.OUTCOME_UNKNOWN, True)


def not_carried_out(_: World, reached: asyncio.Event) -> Callable[[Call], Awaitable[Outcome]]:
    async def hang(_call: Call) -> Outcome:
        reached.set()
        await for_ever()
        raise AssertionError

    return hang


def carried_out(world: World, reached: asyncio.Event) -> Callable[[Call], Awaitable[Outcome]]:
    async def act_and_hang(call: Call) -> Outcome:
        world.line.execute(call)
        reached.set()
        await for_ever()
        raise AssertionError

    return act_and_hang


@pytest.mark.reliability("2.6-bet-broken-call")
@pytest.mark.parametrize(
    ("backend", "last"), [(not_carried_out, State.VOID), (carried_out, State.CANCELLED)]
)
async def test_a_bet_whose_node_stopped_during_the_call_is_cancelled_until_that_is_confirmed(
    tmp_path: Path,
    backend: Callable[[World, asyncio.Event], Callable[[Call], Awaitable[Outcome]]],
    last: State,
) -> None:
    async with hub_world(tmp_path, bet_lease_ms=1, schedule=SOON_VOID) as world:
        reached = asyncio.Event()
        world.line.next(Command.BET, backend(world, reached))
        node = await killed_at(world, reached, world.bet)
        await until_state(node, last)
        assert node.balance == 1_000
        assert len(cancel_guids(node)) == 1
        assert node.line.commands().count("bet") == 1
        assert (await node.bet()).code is ApiCode.OUTCOME_UNKNOWN


@pytest.mark.reliability("2.6-bet-crash-after-answer")
async def test_a_yes_that_a_stopped_node_did_not_record_is_undone(tmp_path: Path) -> None:
    async with hub_world(tmp_path, bet_lease_ms=1) as world:
        reached = stop_at_commit(world, 2, Stop.BEFORE)
        node = await killed_at(world, reached, world.bet)
        assert node.balance == 850, "the backend has taken the stake"
        await until_state(node, State.CANCELLED)
        assert node.balance == 1_000
        assert node.line.commands().count("bet") == 1
        again = await node.bet()
        assert (again.code, again.replay) == (ApiCode.OUTCOME_UNKNOWN, True)


@pytest.mark.reliability("2.6-bet-crash-after-decision")
async def test_a_decided_bet_whose_answer_was_lost_waits_for_its_provider(tmp_path: Path) -> None:
    async with hub_world(tmp_path, bet_lease_ms=1) as world:
        reached = stop_at_commit(world, 2, Stop.AFTER)
        node = await killed_at(world, reached, world.bet)
        await node.settle()
        assert (await node.row("b1")).state is State.ACCEPTED, "the hub does not undo it by itself"
        again = await node.bet()
        assert (again.code, again.balance_minor, again.replay) == (ApiCode.OK, 850, True)
        assert node.line.commands() == ["bet"]
        assert (await node.cancel()).delivered is True
        assert node.balance == 1_000


@pytest.mark.reliability("2.6-bet-crash-after-decision")
async def test_a_decided_bet_that_nobody_asks_about_is_in_the_report_of_open_rounds(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path, bet_lease_ms=1) as world:
        reached = stop_at_commit(world, 2, Stop.AFTER)
        node = await killed_at(world, reached, world.bet)
        tomorrow_ms = node.hub.clock.now_ms() + 86_400_000
        (left,) = await node.hub.reads.open_rounds(opened_before_ms=tomorrow_ms, limit=10)
        assert left.key.round_id == "r1"


@pytest.mark.reliability("2.6-bet-decision-commit-unknown", "2.6-bet-database-down-at-decision")
@pytest.mark.parametrize("faults", [[StoreFault.LOST] * 100, [StoreFault.REFUSED]])
async def test_a_decision_that_cannot_be_made_durable_is_told_nobody_and_recovery_undoes_the_bet(
    tmp_path: Path, faults: list[StoreFault]
) -> None:
    async with hub_world(tmp_path, bet_lease_ms=1, answer_within_seconds=0.5) as world:

        async def yes_then_trouble(call: Call) -> Outcome:
            world.faults.extend(faults)
            return world.line.execute(call)

        world.line.next(Command.BET, yes_then_trouble)
        assert (await world.bet()).code is ApiCode.TRY_AGAIN
        await world.hub.drain()
        assert (await world.row("b1")).state is State.PENDING
        assert world.line.commands() == ["bet"], "no cancel is made from memory"
        world.faults.clear()
        await until_state(world, State.CANCELLED)
        assert world.balance == 1_000
        assert (await world.bet()).code is ApiCode.OUTCOME_UNKNOWN


@pytest.mark.reliability("2.6-bet-duplicated-by-proxy")
async def test_a_bet_that_a_proxy_repeated_and_whose_copy_was_answered_is_undone(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path) as world:

        async def twice(call: Call) -> Outcome:
            world.line.execute(call)
            outcome = world.line.execute(call)
            assert isinstance(outcome, Duplicate)
            return outcome

        world.line.next(Command.BET, twice)
        assert (await world.bet()).code is ApiCode.OUTCOME_UNKNOWN
        await until_state(world, State.CANCELLED)
        assert world.balance == 1_000


def late_bet(arrived: list[Call]) -> Callable[[Call], Awaitable[Outcome]]:
    """Keep the bet under way somewhere and let the hub's time run out."""

    async def keep(call: Call) -> Outcome:
        arrived.append(call)
        return TIME_OUT

    return keep


@pytest.mark.reliability("2.6-cancel-not-seen", "2.6-bet-paused-after-check")
async def test_a_bet_that_arrives_while_its_cancel_waits_is_given_back(tmp_path: Path) -> None:
    async with hub_world(tmp_path, schedule=STILL_WAITING) as world:
        arrived: list[Call] = []
        world.line.next(Command.BET, late_bet(arrived))
        await world.bet()
        await until_state(world, State.NOT_SEEN_WAIT)
        world.line.execute(arrived[0])
        assert world.balance == 850
        await until_state(world, State.CANCELLED)
        assert world.balance == 1_000
        assert len(cancel_guids(world)) == 1


@pytest.mark.reliability("2.6-cancel-not-seen", "2.6-bet-paused-after-check")
async def test_a_bet_that_arrives_after_it_was_given_up_is_found_by_a_probe_and_given_back(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path, schedule=replace(SOON_VOID, void_probes_ms=(150,))) as world:
        arrived: list[Call] = []
        world.line.next(Command.BET, late_bet(arrived))
        await world.bet()
        for _ in range(200):
            await world.worker.tick()
            await world.hub.drain()
            if (await world.row("b1")).state is State.VOID:
                break
        world.line.execute(arrived[0])
        await until_state(world, State.CANCELLED)
        assert world.balance == 1_000
        assert len(cancel_guids(world)) == 1
        assert "status" in world.line.commands()


@pytest.mark.reliability("2.6-cancel-unsafe-backend")
async def test_a_given_up_bet_is_asked_about_by_its_status_and_never_cancelled_on_suspicion(
    tmp_path: Path,
) -> None:
    """A backend that credits cancels of what it never saw would pay for each of them."""
    async with hub_world(tmp_path, schedule=SOON_VOID) as world:
        world.line.next(Command.BET, TIME_OUT)
        world.line.next(Command.CANCEL, *[NotSeen(result=43)] * 3)
        await world.bet()
        await until_state(world, State.VOID)
        await world.settle()
        assert world.line.commands() == ["bet", *["cancel"] * 3, *["status"] * 3]
        assert world.balance == 1_000


@pytest.mark.reliability("2.6-bet-refused", "2.6-bet-duplicated-by-proxy")
async def test_a_refused_bet_whose_copy_a_backend_took_is_no_business_of_play(
    tmp_path: Path,
) -> None:
    """Only reconciliation can find it: the hub was told no, and says so for ever."""
    async with hub_world(tmp_path) as world:
        world.line.next(Command.BET, Refused(result=31, balance_minor=5))
        assert (await world.bet()).code is ApiCode.BALANCE_NOT_ENOUGH
        world.line.execute(world.line.sent[0])
        await world.settle()
        assert (await world.bet()).code is ApiCode.BALANCE_NOT_ENOUGH
        assert world.line.commands() == ["bet"]
