"""A node that stops at each point of an owed cancel or win, and what changes meanwhile (2.6)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from meganodes.callbacks.gateway import AgentView, Attempt, Call
from meganodes.directory.records import AgentState, TokenKind
from meganodes.domain.outcome import Duplicate, Outcome, Refused, Unknown
from meganodes.domain.transaction import State, Transaction
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from tests.support.hub_world import FAST, LOST_REPLY, TIME_OUT, World, hub_world
from tests.support.races import with_methods
from tests.support.stopped_nodes import Stop, for_ever, killed_at, stop_at_commit

LEASE_MS = 30
PATIENT_SECONDS = 30.0
"""A machine that is busy elsewhere may need more than the usual time for a bet that goes well."""
SOON_VOID = replace(FAST, not_seen_window_ms=-5_000)


def stops_after_its_claim(world: World, _command: Command) -> asyncio.Event:
    reached = asyncio.Event()

    async def claim(
        agent_id: int, *, now_ms: int, limit: int, lease_ms: int
    ) -> tuple[Transaction, ...]:
        claimed = await world.journal.claim(agent_id, now_ms=now_ms, limit=limit, lease_ms=lease_ms)
        if claimed:
            reached.set()
            await for_ever()
        return claimed

    world.hub.journal = with_methods(world.journal, claim=claim)
    return reached


def stops_with_the_request_on_its_way(world: World, command: Command) -> asyncio.Event:
    reached = asyncio.Event()

    async def hang(_call: Call) -> Outcome:
        reached.set()
        await for_ever()
        raise AssertionError

    world.line.next(command, hang)
    return reached


def stops_when_it_was_carried_out(world: World, command: Command) -> asyncio.Event:
    reached = asyncio.Event()

    async def act_and_hang(call: Call) -> Outcome:
        world.line.execute(call)
        reached.set()
        await for_ever()
        raise AssertionError

    world.line.next(command, act_and_hang)
    return reached


def stops_before_its_outcome_is_durable(world: World, _command: Command) -> asyncio.Event:
    return stop_at_commit(world, 1, Stop.BEFORE)


def stops_when_its_outcome_is_durable(world: World, _command: Command) -> asyncio.Event:
    return stop_at_commit(world, 1, Stop.AFTER)


Point = Callable[[World, Command], asyncio.Event]
POINTS: list[Point] = [
    stops_after_its_claim,
    stops_with_the_request_on_its_way,
    stops_when_it_was_carried_out,
    stops_before_its_outcome_is_durable,
    stops_when_its_outcome_is_durable,
]


async def work_until_stopped(world: World) -> None:
    """Be the worker of a node that will be killed."""
    while True:
        await world.worker.tick()
        await asyncio.sleep(0.005)


async def until_state(world: World, transaction_id: str, state: State) -> None:
    for _ in range(100):
        await world.settle(ticks=5)
        if (await world.row(transaction_id)).state is state:
            return
        await asyncio.sleep(LEASE_MS / 1000)
    raise AssertionError((await world.row(transaction_id)).state)


def calls_of(world: World, command: Command) -> list[Call]:
    return [call for call in world.line.sent if call.command is command]


@pytest.mark.reliability("2.6-cancel-crash")
@pytest.mark.parametrize("point", POINTS)
async def test_a_node_that_stops_at_a_cancel_leaves_it_to_another_under_the_same_guid(
    tmp_path: Path, point: Point
) -> None:
    async with hub_world(tmp_path, delivery_lease_ms=LEASE_MS) as world:
        await world.bet()
        world.line.next(Command.CANCEL, TIME_OUT)
        await world.cancel()
        reached = point(world, Command.CANCEL)
        node = await killed_at(world, reached, lambda: work_until_stopped(world))
        await until_state(node, "b1", State.CANCELLED)
        cancels = calls_of(node, Command.CANCEL)
        assert len({(call.webhook_id, call.data) for call in cancels}) == 1
        assert node.balance == 1_000


@pytest.mark.reliability("2.6-win-owned")
@pytest.mark.parametrize("point", POINTS)
async def test_a_node_that_stops_at_a_win_leaves_it_to_another_under_the_same_guid(
    tmp_path: Path, point: Point
) -> None:
    async with hub_world(tmp_path, delivery_lease_ms=LEASE_MS) as world:
        await world.bet()
        world.line.next(Command.WIN, TIME_OUT)
        await world.win()
        reached = point(world, Command.WIN)
        node = await killed_at(world, reached, lambda: work_until_stopped(world))
        await until_state(node, "w1", State.CREDITED)
        wins = calls_of(node, Command.WIN)
        assert len({(call.webhook_id, call.data) for call in wins}) == 1
        assert node.balance == 1_050
        told = await node.win()
        assert (told.code, told.delivered, told.replay) == (ApiCode.OK, True, True)


@pytest.mark.reliability("2.6-win-not-yet-durable")
async def test_a_win_whose_node_stopped_before_it_was_durable_is_recorded_by_its_repetition(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path, answer_within_seconds=PATIENT_SECONDS) as world:
        await world.bet()
        reached = stop_at_commit(world, 1, Stop.BEFORE)
        node = await killed_at(world, reached, world.win)
        await node.settle()
        assert node.balance == 850, "nobody knows of it"
        told = await node.win()
        assert (told.code, told.delivered, told.replay) == (ApiCode.OK, True, False)
        assert node.balance == 1_050


@pytest.mark.reliability("2.6-win-owned")
async def test_a_win_whose_node_stopped_right_after_it_was_durable_is_delivered_unasked(
    tmp_path: Path,
) -> None:
    async with hub_world(
        tmp_path, answer_within_seconds=PATIENT_SECONDS, delivery_lease_ms=LEASE_MS
    ) as world:
        await world.bet()
        reached = stop_at_commit(world, 1, Stop.AFTER)
        node = await killed_at(world, reached, world.win)
        await until_state(node, "w1", State.CREDITED)
        assert node.balance == 1_050


@pytest.mark.reliability("2.6-cancel-already-done")
async def test_41_to_a_cancel_whose_first_reply_was_lost_means_done(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet()
        world.line.next(Command.CANCEL, LOST_REPLY)
        await world.cancel()
        await until_state(world, "b1", State.CANCELLED)
        assert world.line.commands() == ["bet", "cancel", "cancel"], "41 is believed, not verified"
        assert world.balance == 1_000


@pytest.mark.reliability("2.6-cancel-not-taken")
async def test_a_cancel_of_an_unknown_bet_is_repeated_until_it_is_taken(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        world.line.next(Command.BET, LOST_REPLY)
        world.line.next(
            Command.CANCEL,
            TIME_OUT,
            Unknown(reason="internal", result=99),
            Unknown(reason="HTTP 502"),
            Unknown(reason="garbage", result=-1),
        )
        assert (await world.bet()).code is ApiCode.OUTCOME_UNKNOWN
        await until_state(world, "b1", State.CANCELLED)
        cancels = calls_of(world, Command.CANCEL)
        assert len({(call.webhook_id, call.data) for call in cancels}) == 1
        assert [call.attempt for call in cancels] == [1, 2, 3, 4, 5]
        assert world.balance == 1_000


@pytest.mark.reliability("2.6-cancel-settings-changed")
async def test_a_cancel_that_is_owed_goes_to_the_address_and_with_the_token_of_the_attempt(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path) as world:
        seen: list[tuple[str, str]] = []

        async def send(agent: AgentView, call: Call) -> Attempt:
            if call.command is Command.CANCEL:
                seen.append((agent.callback_url, agent.callback_token.reveal()))
            return await world.line.send(agent, call)

        world.hub.gateway = with_methods(world.line, send=send)
        await world.bet()
        world.line.next(Command.CANCEL, *[TIME_OUT] * 2)
        await world.cancel()
        changed = "https://elsewhere.example/callback"
        await world.directory.set_agent("acme", {"callback_url": changed})
        token = await world.directory.reissue_token("acme", TokenKind.CALLBACK)
        await until_state(world, "b1", State.CANCELLED)
        assert seen[0] not in seen[1:]
        assert set(seen[1:]) == {(changed, token.reveal())}
        assert world.balance == 1_000


@pytest.mark.reliability("2.6-cancel-agent-out-of-business")
@pytest.mark.parametrize("state", [AgentState.UNAPPROVED, AgentState.SUSPENDED])
async def test_an_agent_out_of_business_still_gets_its_cancels_and_wins_and_no_bets(
    tmp_path: Path, state: AgentState
) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet("b1")
        await world.bet("b2", round_id="r2")
        world.line.next(Command.CANCEL, TIME_OUT)
        world.line.next(Command.WIN, TIME_OUT)
        await world.cancel("b1")
        await world.directory.set_agent_state("acme", state)
        assert (await world.win("w2", round_id="r2")).code is ApiCode.OK
        assert (await world.bet("b3", round_id="r3")).code is ApiCode.AGENT_UNAVAILABLE
        await until_state(world, "b1", State.CANCELLED)
        await until_state(world, "w2", State.CREDITED)
        assert world.balance == 1_000 - 150 + 200
        assert world.line.commands().count("bet") == 2


async def refused(world: World) -> None:
    world.line.next(Command.BET, Refused(result=31))
    await world.bet()
    await until_state(world, "b1", State.REFUSED)


async def cancelled(world: World) -> None:
    await world.bet()
    await world.cancel()
    await until_state(world, "b1", State.CANCELLED)


async def given_up(world: World) -> None:
    world.line.next(Command.BET, TIME_OUT)
    await world.bet()
    await until_state(world, "b1", State.VOID)


@pytest.mark.reliability("2.6-win-dead-bet")
@pytest.mark.parametrize("end", [refused, cancelled, given_up])
async def test_a_win_for_a_bet_that_is_undone_is_refused_with_an_alarm_and_never_sent(
    tmp_path: Path, end: Callable[[World], Awaitable[None]]
) -> None:
    async with hub_world(tmp_path, schedule=SOON_VOID) as world:
        await end(world)
        with capture_logs() as lines:
            assert (await world.win()).code is ApiCode.TRANSACTION_CANCELLED
        (alarm,) = [line for line in lines if line["event"] == "win_not_recorded"]
        assert (alarm["log_level"], alarm["alarm"]) == ("error", "all bets refused or undone")
        await world.settle()
        assert "win" not in world.line.commands()


@pytest.mark.reliability("2.6-win-already-credited")
async def test_41_to_a_win_whose_first_reply_was_lost_means_credited(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet()
        world.line.next(Command.WIN, LOST_REPLY)
        await world.win()
        await until_state(world, "w1", State.CREDITED)
        assert world.line.commands() == ["bet", "win", "win"], "41 is believed, not verified"
        assert world.balance == 1_050


@pytest.mark.reliability("2.6-win-first-41")
async def test_41_to_the_first_attempt_of_a_win_is_believed_when_its_status_says_ok(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet()

        async def twice(call: Call) -> Outcome:
            world.line.execute(call)
            outcome = world.line.execute(call)
            assert isinstance(outcome, Duplicate)
            return outcome

        world.line.next(Command.WIN, twice)
        await world.win()
        await until_state(world, "w1", State.CREDITED)
        assert world.line.commands()[:3] == ["bet", "win", "status"]
        assert world.balance == 1_050
