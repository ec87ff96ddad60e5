"""Cancels through the core: of accepted, pending, undone, unknown and settled bets (contract 4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from meganodes.callbacks.gateway import Call
from meganodes.domain.outcome import Outcome, Refused
from meganodes.domain.round import RoundView
from meganodes.domain.transaction import RoundKey, State
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from tests.support.hub_world import FAST, LOST_REPLY, TIME_OUT, World, hub_world
from tests.support.races import pause, with_methods


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with hub_world(tmp_path) as made:
        yield made


@pytest.mark.rule("4-cancel", "4-cancel-whole")
async def test_an_accepted_bet_is_undone_as_a_whole(world: World) -> None:
    bet = await world.bet()
    answer = await world.cancel()
    assert (answer.code, answer.delivered, answer.balance_minor) == (ApiCode.OK, True, 1_000)
    assert bet.guid is not None
    assert answer.guid == bet.guid + "-c"
    assert world.balance == 1_000


@pytest.mark.reliability("I10")
@pytest.mark.rule("4-cancel-undone", "4-replay", "3.1-cancel-guid")
async def test_a_second_cancel_id_gets_the_one_cancel_guid_and_sends_nothing(
    world: World,
) -> None:
    await world.bet()
    first = await world.cancel()
    second = await world.cancel(transaction_id="c2")
    again = await world.cancel()
    assert first.guid == second.guid == again.guid
    assert (second.replay, again.replay) == (False, True)
    assert world.line.commands() == ["bet", "cancel"]


async def test_a_bet_cancelled_by_its_provider_answers_3005_from_then_on(world: World) -> None:
    await world.bet()
    await world.cancel()
    again = await world.bet()
    assert (again.code, again.replay) == (ApiCode.TRANSACTION_CANCELLED, True)


@pytest.mark.reliability("2.6-cancel-not-taken", "I10")
@pytest.mark.rule("3.4-cancel-meaning", "3.4-delivered-until-accepted", "4-delivered-means")
async def test_a_cancel_that_is_not_taken_is_owed_under_the_same_guid_until_it_is(
    world: World,
) -> None:
    await world.bet()
    world.line.next(Command.CANCEL, TIME_OUT, Refused(result=21), LOST_REPLY)
    answer = await world.cancel()
    assert (answer.code, answer.delivered, answer.balance_minor) == (ApiCode.OK, False, None)
    await world.settle()
    assert world.balance == 1_000
    cancels = [call for call in world.line.sent if call.command is Command.CANCEL]
    assert len({call.data for call in cancels}) == 1
    later = await world.cancel()
    assert (later.delivered, later.balance_minor, later.replay) == (True, 1_000, True)


@pytest.mark.reliability("2.6-bet-overtaken-by-cancel")
@pytest.mark.rule("4-cancel-tombstone", "4-tombstone-late-bet", "4-delivered-means")
async def test_a_cancel_of_an_unknown_bet_is_a_tombstone_for_ever(world: World) -> None:
    answer = await world.cancel("b1")
    assert (answer.code, answer.delivered) == (ApiCode.OK, True)
    assert (await world.bet("b1")).code is ApiCode.TRANSACTION_CANCELLED
    assert (await world.bet("b1", "9.99")).code is ApiCode.TRANSACTION_CANCELLED
    assert world.line.sent == []
    second = await world.cancel("b1", "c2")
    assert (second.code, second.delivered, second.guid) == (ApiCode.OK, True, answer.guid)


@pytest.mark.reliability("2.6-bet-cancel-in-flight", "I2")
@pytest.mark.rule("4-cancel-in-flight", "4-cancel-in-flight-answer", "3.4-cancel-after-attempt")
async def test_a_cancel_of_a_bet_in_flight_takes_effect_when_the_attempt_has_ended(
    world: World,
) -> None:
    go_on = asyncio.Event()

    async def slow(call: Call) -> Outcome:
        await go_on.wait()
        return world.line.execute(call)

    world.line.next(Command.BET, slow)
    bet = asyncio.create_task(world.bet())
    await pause(0.02)
    cancel = asyncio.create_task(world.cancel())
    await pause(0.02)
    assert (await world.row("b1")).cancel_asked_at_ms is not None
    assert world.line.commands() == ["bet"]
    go_on.set()
    assert (await bet).code is ApiCode.TRANSACTION_CANCELLED
    answer = await cancel
    assert (answer.code, answer.delivered) == (ApiCode.OK, True)
    assert world.balance == 1_000
    assert world.line.commands() == ["bet", "cancel"]


@pytest.mark.reliability("2.6-bet-cancel-in-flight", "2.6-bet-refused")
@pytest.mark.rule("4-cancel-in-flight-answer")
async def test_a_refused_bet_keeps_its_refusal_although_a_cancel_came_meanwhile(
    world: World,
) -> None:
    go_on = asyncio.Event()

    async def slow(_call: Call) -> Outcome:
        await go_on.wait()
        return Refused(result=31, balance_minor=5)

    world.line.next(Command.BET, slow)
    bet = asyncio.create_task(world.bet())
    await pause(0.02)
    cancel = asyncio.create_task(world.cancel())
    await pause(0.02)
    go_on.set()
    assert (await bet).code is ApiCode.BALANCE_NOT_ENOUGH
    assert (await cancel).delivered is True
    assert world.line.commands() == ["bet"]


@pytest.mark.reliability("2.6-bet-cancel-in-flight")
@pytest.mark.rule("4-cancel-in-flight-answer")
async def test_a_cancel_in_flight_is_answered_in_time_with_delivered_false(world: World) -> None:
    go_on = asyncio.Event()

    async def slow(call: Call) -> Outcome:
        await go_on.wait()
        return world.line.execute(call)

    world.line.next(Command.BET, slow)
    bet = asyncio.create_task(world.bet())
    await pause(0.02)
    answer = await world.cancel()
    assert (answer.code, answer.delivered) == (ApiCode.OK, False)
    go_on.set()
    await bet
    await world.settle()
    assert world.balance == 1_000


@pytest.mark.reliability("2.6-win-crossed-by-cancel", "I5")
@pytest.mark.rule("4-cancel-not-cancellable", "4-final-recorded")
async def test_a_win_a_cancel_and_a_bet_with_a_win_cannot_be_cancelled(world: World) -> None:
    await world.bet("b1")
    await world.win("w1")
    for number, target in enumerate(["b1", "w1"]):
        assert (await world.cancel(target, f"c{number}")).code is ApiCode.NOT_CANCELLABLE
    again = await world.cancel("b1", "c0")
    assert (again.code, again.replay) == (ApiCode.NOT_CANCELLABLE, True)
    assert (await world.cancel("c0", "c9")).code is ApiCode.NOT_CANCELLABLE
    assert world.balance == 1_050


@pytest.mark.reliability("2.6-win-crossed-by-cancel")
@pytest.mark.rule("4-cancel-profile")
async def test_a_provider_profile_may_allow_a_cancel_after_a_win(world: World) -> None:
    await world.directory.set_provider(7, {"cancel_after_win": True})
    await world.bet()
    await world.win(closed=True)
    assert (await world.cancel()).delivered is True
    assert world.balance == 1_200


@pytest.mark.reliability("2.6-bet-refused")
@pytest.mark.rule("4-cancel-undone")
async def test_a_cancel_of_a_refused_bet_owes_nothing(world: World) -> None:
    world.line.next(Command.BET, Refused(result=31))
    await world.bet()
    answer = await world.cancel()
    assert (answer.code, answer.delivered) == (ApiCode.OK, True)
    assert world.line.commands() == ["bet"]
    assert (await world.bet()).code is ApiCode.BALANCE_NOT_ENOUGH


@pytest.mark.rule("4-conflict")
async def test_a_cancels_id_stands_for_one_bet_and_for_no_other_kind(world: World) -> None:
    await world.bet("b1")
    await world.bet("b2")
    await world.cancel("b1", "c1")
    assert (await world.cancel("b2", "c1")).code is ApiCode.TRANSACTION_CONFLICT
    assert (await world.cancel("b1", "b2")).code is ApiCode.TRANSACTION_CONFLICT
    assert world.line.commands() == ["bet", "bet", "cancel"]


async def test_a_cancel_that_finds_its_round_gone_on_judges_it_anew(world: World) -> None:
    await world.bet("b1")
    reads = 0

    async def round_and_then_a_win(key: RoundKey) -> RoundView:
        nonlocal reads
        reads += 1
        view = await world.journal.round(key)
        if reads == 1:
            world.hub.journal = world.journal
            assert (await world.win("w1")).code is ApiCode.OK
        return view

    world.hub.journal = with_methods(world.journal, round=round_and_then_a_win)
    assert (await world.cancel("b1")).code is ApiCode.NOT_CANCELLABLE
    assert world.balance == 1_050


@pytest.mark.rule("4-cancel-unknown-session")
async def test_a_cancel_of_an_unknown_session_is_3002(world: World) -> None:
    assert (await world.cancel(session="mns_nothing")).code is ApiCode.SESSION_INVALID


@pytest.mark.reliability("2.6-cancel-not-seen", "I1")
@pytest.mark.rule("3.4-not-seen-void", "3.4-not-seen-schedule")
async def test_a_lost_bet_that_is_never_seen_ends_as_void(tmp_path: Path) -> None:
    hurried = replace(FAST, not_seen_window_ms=-5_000)
    async with hub_world(tmp_path, schedule=hurried) as world:
        world.line.next(Command.BET, TIME_OUT)
        assert (await world.bet()).code is ApiCode.OUTCOME_UNKNOWN
        row = await world.row("b1")
        assert row.state in {State.CANCELLING, State.NOT_SEEN_WAIT}
        await world.settle()
        assert (await world.row("b1")).state is State.VOID
        assert world.line.commands() == ["bet", "cancel", "cancel", "cancel"]
        answer = await world.cancel()
        assert (answer.code, answer.delivered) == (ApiCode.OK, True)


@pytest.mark.reliability("2.6-win-crossed-by-cancel", "I5")
async def test_a_win_and_a_cancel_of_one_bet_never_both_happen(world: World) -> None:
    for number in range(30):
        await world.bet(f"b{number}", "1.00", round_id=f"r{number}")
        win, cancel = await asyncio.gather(
            world.win(f"w{number}", "1.00", round_id=f"r{number}"),
            world.cancel(f"b{number}", f"c{number}"),
        )
        assert (win.code is ApiCode.OK) is not (cancel.code is ApiCode.OK), (win, cancel)
    await world.settle()
    assert world.balance == 1_000
