"""What is recorded and what is sent must agree, whatever is late, lost, stopped or set wrong."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from meganodes.callbacks.gateway import Call
from meganodes.directory.records import Agent
from meganodes.domain.asked import Answer, AskedWin
from meganodes.domain.outcome import Duplicate, NotSeen, Outcome
from meganodes.domain.round import RoundView
from meganodes.domain.transaction import RoundKey, State
from meganodes.hub import parked, wallet
from meganodes.hub.worker import Worker
from meganodes.journal.memory import StoreFault
from meganodes.journal.store import Change, CommitResult
from meganodes.kit.clock import SteadyClock, SystemClock
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from tests.support.builders import a_game
from tests.support.hub_world import FAST, TIME_OUT, World, hub_world
from tests.support.races import held_until, pause, with_methods

DAY_MS = 86_400_000


@pytest.mark.reliability("2.6-database-two-owners", "I10")
async def test_a_late_bet_reply_sends_no_cancel_under_the_workers_claim(tmp_path: Path) -> None:
    """I10, D5: every request has a durable claim of its own; the cancel is the worker's."""
    async with hub_world(tmp_path, bet_lease_ms=40) as world:
        reply, slow = asyncio.Event(), asyncio.Event()
        world.line.next(Command.BET, held_until(world, reply))
        world.line.next(Command.CANCEL, held_until(world, slow), held_until(world, slow))
        bet = asyncio.create_task(world.bet())
        await pause(0.08)
        await world.worker.tick()  # It undoes the bet and sends its cancel.
        await pause(0.01)
        assert world.line.commands() == ["bet", "cancel"]
        assert (await world.row("b1")).attempts == 1
        reply.set()
        await bet
        await pause(0.01)
        sent = [(call.command.value, call.attempt) for call in world.line.sent]
        slow.set()
        await world.hub.drain()
        assert sent.count(("cancel", 1)) == 1, sent


async def test_two_cancels_of_one_claim_park_no_bet_whose_backend_answers_41_early(
    tmp_path: Path,
) -> None:
    """A backend may lock the id of a cancel first: whoever repeats it gets 41 at once.

    That 41 would be one of a first attempt, and the status asked for it, while the first cancel is
    still being worked on, would park a bet that is then refunded.
    """
    async with hub_world(tmp_path, bet_lease_ms=40) as world:
        reply, slow = asyncio.Event(), asyncio.Event()
        world.line.next(Command.BET, held_until(world, reply))
        world.line.next(Command.CANCEL, held_until(world, slow), Duplicate(balance_minor=850))
        bet = asyncio.create_task(world.bet())
        await pause(0.08)
        await world.worker.tick()
        await pause(0.01)
        reply.set()
        await bet
        await pause(0.01)
        await world.worker.tick()
        await pause(0.02)
        slow.set()
        await world.settle()
        row = await world.row("b1")
        assert world.balance == 1_000, "the backend did refund"
        assert row.state is State.CANCELLED, row.state


async def test_wins_of_a_betwin_answered_late_set_out_at_once(tmp_path: Path) -> None:
    """3.4: first attempt at once. Here the caller's time is over when the bet is accepted."""
    async with hub_world(tmp_path, answer_within_seconds=0.05) as world:

        async def slow_yes(call: Call) -> Outcome:
            await asyncio.sleep(0.15)
            return world.line.execute(call)

        world.line.next(Command.BET, slow_yes)
        answer = await world.betwin(("w1", "2.00"))
        assert answer.code is ApiCode.TRY_AGAIN
        await world.settle()
        row = await world.row("w1")
        assert world.line.commands() == ["bet", "win"], (world.line.commands(), row.state)


async def test_a_first_41_to_a_win_of_a_late_betwin_is_verified(tmp_path: Path) -> None:
    """3.4: 41 on the first attempt asks status. No attempt was made before this one."""
    async with hub_world(tmp_path, answer_within_seconds=0.05, delivery_lease_ms=60) as world:

        async def slow_yes(call: Call) -> Outcome:
            await asyncio.sleep(0.12)
            return world.line.execute(call)

        world.line.next(Command.BET, slow_yes)
        # The backend takes it for a repetition, because it looks at the round alone.
        world.line.next(Command.WIN, Duplicate(balance_minor=850))
        await world.betwin(("w1", "2.00"))
        await asyncio.sleep(0.25)
        await world.settle()
        row = await world.row("w1")
        assert "status" in world.line.commands(), (world.line.commands(), row.state, world.balance)
        assert row.state is not State.CREDITED


async def test_a_recorded_win_is_answered_0_though_the_outcome_could_not_be_recorded(
    tmp_path: Path,
) -> None:
    """4, Win: recorded durably; else after 3 s with code 0 and delivered false."""
    async with hub_world(tmp_path) as world:
        await world.bet()

        async def yes_then_full(call: Call) -> Outcome:
            world.faults.append(StoreFault.REFUSED)
            return world.line.execute(call)

        world.line.next(Command.WIN, yes_then_full)
        answer = await world.win()
        assert (answer.code, answer.delivered) == (ApiCode.OK, False)


@pytest.mark.reliability("2.6-bet-database-down-at-decision")
async def test_a_bet_whose_decision_cannot_be_recorded_answers_3009(tmp_path: Path) -> None:
    """Reliability 2.6 P7: DB down: 'retry'."""
    async with hub_world(tmp_path) as world:

        async def yes_then_down(call: Call) -> Outcome:
            world.faults.append(StoreFault.REFUSED)
            return world.line.execute(call)

        world.line.next(Command.BET, yes_then_down)
        answer = await world.bet()
        assert answer.code is ApiCode.TRY_AGAIN


async def test_a_betwin_over_a_closed_store_answers_3009(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.journal.close()
        answer = await world.betwin(("w1", "2.00"))
        await world.journal.start()
        assert answer.code is ApiCode.TRY_AGAIN


async def test_a_round_over_a_closed_store_answers_3009(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.journal.close()
        answer = await world.round()
        await world.journal.start()
        assert answer.code is ApiCode.TRY_AGAIN


async def test_a_store_that_hangs_holds_no_answer_beyond_its_time(tmp_path: Path) -> None:
    """4: the hub answers within 3 s, with 3009 if it must. Here half a second, however long."""
    async with hub_world(tmp_path, answer_within_seconds=0.5) as world:
        release = asyncio.Event()

        async def slow(change: Change) -> CommitResult:
            await release.wait()
            return await world.journal.commit(change)

        world.hub.journal = with_methods(world.journal, commit=slow)
        answer = await asyncio.wait_for(world.bet(), 10)  # a hub that waits would wait for ever
        release.set()
        world.hub.journal = world.journal
        assert answer.code is ApiCode.TRY_AGAIN


@pytest.mark.reliability("2.6-bet-paused-before-send")
async def test_a_bet_is_not_sent_when_the_node_paused_after_the_commit(tmp_path: Path) -> None:
    """2.6 P3-P4: on waking the 1.5 s rule forbids the send, however durable the intent is."""
    async with hub_world(tmp_path, answer_within_seconds=4.0) as world:
        committed: list[float] = []

        async def paused(change: Change) -> CommitResult:
            result = await world.journal.commit(change)
            if not committed:
                committed.append(time.monotonic())
                time.sleep(1.6)  # noqa: ASYNC251  # the whole machine stands still
            return result

        world.hub.journal = with_methods(world.journal, commit=paused)
        await world.bet()
        call = world.line.sent[0]
        assert call.started_at is not None
        assert call.first_byte_within is not None
        leaves_within = call.started_at + call.first_byte_within - committed[0]
        assert leaves_within <= 1.55, f"may leave {leaves_within:.2f} s after its commit"


@pytest.mark.reliability("2.6-win-first-41")
async def test_a_swallowed_second_win_is_not_credited_by_resuming_it(tmp_path: Path) -> None:
    """3.4: 41 without a booking (status 42) was parked; the same 41 resumed proves no more."""
    async with hub_world(tmp_path) as world:
        await world.bet()
        world.line.next(Command.WIN, Duplicate(balance_minor=850), Duplicate(balance_minor=850))
        world.line.next(Command.STATUS, NotSeen(result=42), NotSeen(result=42))
        await world.win()
        await world.settle()
        row = await world.row("w1")
        assert row.state is State.PARKED
        await parked.resume(world.journal, world.hub.clock, row)
        await world.settle()
        row = await world.row("w1")
        assert world.balance == 850, "the backend paid nothing"
        assert row.state is not State.CREDITED


async def test_a_repeated_win_is_a_replay_though_a_bet_on_another_game_came_meanwhile(
    tmp_path: Path,
) -> None:
    """4, idempotency: same request, same answer. A free-round win first, a lobby bet afterwards."""
    async with hub_world(tmp_path) as world:
        await world.directory.import_games(7, [a_game(game_code="roulette")])

        async def free_win() -> Answer:
            asked = AskedWin(
                session=world.session,
                transaction_id="w1",
                round_id="r1",
                amount="2.00",
                round_closed=False,
            )
            provider = replace(world.provider, wins_without_bet=True)
            return await wallet.serve(world.hub, provider, asked, world.hub.clock.monotonic())

        first = await free_win()
        assert first.code is ApiCode.OK
        await world.bet(game_code="roulette")
        again = await free_win()
        assert (again.code, again.replay) == (ApiCode.OK, True)


class JumpingClock(SystemClock):
    """The real clock, whose wall time somebody sets."""

    def __init__(self) -> None:
        self.offset_ms = 0

    def now_ms(self) -> int:
        return super().now_ms() + self.offset_ms


def set_by_somebody(world: World) -> JumpingClock:
    """Give the hub its steady clock over one that can be set."""
    clock = JumpingClock()
    world.hub.clock = SteadyClock(clock)
    return clock


@pytest.mark.reliability("2.6-database-clock-jump")
async def test_an_owed_win_does_not_wait_a_day_for_a_clock_set_back(tmp_path: Path) -> None:
    """2.6: wall clock jumps +/- 1 day: only timestamps are ugly."""
    async with hub_world(tmp_path) as world:
        clock = set_by_somebody(world)
        await world.bet()
        world.line.next(Command.WIN, TIME_OUT)
        await world.win()
        clock.offset_ms = -DAY_MS
        await world.settle()
        row = await world.row("w1")
        late_h = (row.due_at_ms or 0) - clock.now_ms()
        assert row.state is State.CREDITED, f"next try in {late_h / 3_600_000:.1f} h"


@pytest.mark.reliability("2.6-database-clock-jump")
async def test_a_clock_set_forward_closes_no_cancel_as_void_early(tmp_path: Path) -> None:
    """3.4: at least 15 min after the bet was sent; here some milliseconds have passed."""
    schedule = replace(FAST, not_seen_window_ms=15 * 60_000)
    async with hub_world(tmp_path, schedule=schedule) as world:
        clock = set_by_somebody(world)
        world.line.next(Command.BET, TIME_OUT)
        await world.bet()
        await world.settle(ticks=5)
        clock.offset_ms = DAY_MS
        await world.settle(ticks=10)
        row = await world.row("b1")
        assert row.state is State.NOT_SEEN_WAIT, row.state


@pytest.mark.reliability("2.6-database-clock-jump")
async def test_a_clock_set_forward_parks_no_fresh_win(tmp_path: Path) -> None:
    """A jump of 8 days (a dead battery) would park every owed row at its next failure."""
    async with hub_world(tmp_path) as world:
        clock = set_by_somebody(world)
        await world.bet()
        world.line.next(Command.WIN, TIME_OUT, TIME_OUT)
        await world.win()
        clock.offset_ms = 8 * DAY_MS
        await world.settle()
        assert (await world.row("w1")).state is State.CREDITED


def set_give_up_days(world: World, days: int) -> None:
    """Give the agent a retry schedule of its own."""
    known = world.directory.agent(world.stage.agent.agent_id)
    assert known is not None
    changed = replace(known, retry={"give_up_ms": days * DAY_MS})

    def agent(agent_id: int) -> Agent | None:
        return changed if agent_id == changed.agent_id else world.directory.agent(agent_id)

    world.hub.directory = with_methods(world.directory, agent=agent, agents=lambda: (changed,))


@pytest.mark.parametrize(("days", "state"), [(30, State.OWED), (7, State.PARKED)])
async def test_an_agents_own_give_up_time_holds_with_an_open_circuit(
    tmp_path: Path, days: int, state: State
) -> None:
    """3.4: the schedule is data, per agent. 8 days pass, the circuit is open all the time."""
    async with hub_world(tmp_path) as world:
        set_give_up_days(world, days)
        # Not the steady clock: for the hub the days do pass.
        clock = world.hub.clock = JumpingClock()
        await world.bet()
        world.line.open.add(world.stage.agent.agent_id)
        await world.win()
        clock.offset_ms = 8 * DAY_MS
        await Worker(world.hub)._park_overdue()
        assert (await world.row("w1")).state is state


async def test_a_betwins_win_waits_for_a_bet_recorded_before_it(tmp_path: Path) -> None:
    """3.4: a win is sent after every bet recorded in its round before it is decided."""
    async with hub_world(tmp_path) as world:
        release = asyncio.Event()
        others: list[asyncio.Task[Answer]] = []

        async def round_and_then_a_bet(key: RoundKey) -> RoundView:
            view = await world.journal.round(key)
            if others:
                return view
            world.line.next(Command.BET, held_until(world, release))
            others.append(asyncio.create_task(world.bet("b2")))
            for _ in range(200):
                await asyncio.sleep(0.005)
                if (await world.journal.round(key)).seq > view.seq:
                    break
            return view

        world.hub.journal = with_methods(world.journal, round=round_and_then_a_bet)
        answer = await world.betwin(("w1", "2.00"))
        b2, w1 = await world.row("b2"), await world.row("w1")
        assert b2.state is State.PENDING
        assert b2.round_seq < w1.round_seq
        commands = world.line.commands()
        release.set()
        await others[0]
        assert "win" not in commands, (commands, answer.code)


async def test_a_ghost_decision_that_was_cancelled_at_once_still_answers(tmp_path: Path) -> None:
    """The commit landed unseen, the provider's cancel followed: the row answers, nothing raises."""
    async with hub_world(tmp_path) as world:

        async def yes_then_ghost(call: Call) -> Outcome:
            world.faults.append(StoreFault.GHOST)
            return world.line.execute(call)

        world.line.next(Command.BET, yes_then_ghost)
        bet = asyncio.create_task(world.bet())
        await pause(0.03)
        assert (await world.row("b1")).state is State.ACCEPTED
        slow = asyncio.Event()
        world.line.next(Command.CANCEL, held_until(world, slow), held_until(world, slow))
        cancel = asyncio.create_task(world.cancel())
        await pause(0.06)
        sent = world.line.commands()
        slow.set()
        await cancel
        answer = await bet
        assert sent.count("cancel") == 1, sent
        assert answer.code is ApiCode.TRANSACTION_CANCELLED
