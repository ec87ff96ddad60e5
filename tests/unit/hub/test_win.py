"""Wins through the core: recorded first, delivered until taken, refused only before that."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.callbacks.gateway import Call
from meganodes.directory.records import AgentState
from meganodes.domain.outcome import Duplicate, Outcome, Refused, Unknown
from meganodes.domain.round import RoundView
from meganodes.domain.transaction import RoundKey, State, Transaction
from meganodes.journal.store import StoreUnavailable
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from tests.support.hub_world import LOST_REPLY, TIME_OUT, World, hub_world
from tests.support.races import pause, with_methods


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with hub_world(tmp_path) as made:
        yield made


@pytest.mark.rule("4-win", "4-win-needs-bet")
async def test_a_win_is_delivered_and_answered_with_its_balance(world: World) -> None:
    await world.bet()
    answer = await world.win()
    assert (answer.code, answer.delivered, answer.balance_minor) == (ApiCode.OK, True, 1_050)
    assert answer.guid == (await world.row("w1")).guid


@pytest.mark.reliability("2.6-win-owned")
@pytest.mark.rule("4-win-durable-first")
async def test_a_win_is_durable_before_it_is_sent(world: World) -> None:
    await world.bet()
    seen: list[State] = []

    async def look(call: Call) -> Outcome:
        seen.append((await world.row("w1")).state)
        return world.line.execute(call)

    world.line.next(Command.WIN, look)
    await world.win()
    assert seen == [State.OWED]


@pytest.mark.reliability("2.6-win-owned", "I4")
@pytest.mark.rule("4-win-answer-time", "3.4-delivered-until-accepted", "3.4-win-meaning")
async def test_a_win_that_is_not_taken_in_time_is_owed_and_delivered_later(world: World) -> None:
    await world.bet()
    refusals: list[Outcome] = [
        TIME_OUT,
        Unknown(reason="x", result=99),
        Refused(result=22),
        Refused(result=21),
    ]
    world.line.next(Command.WIN, *refusals)
    answer = await world.win()
    assert (answer.code, answer.delivered, answer.balance_minor) == (ApiCode.OK, False, None)
    assert (await world.row("w1")).state is State.OWED
    await world.settle()
    assert (await world.row("w1")).state is State.CREDITED
    assert world.balance == 1_050
    assert world.line.commands().count("win") == 5


@pytest.mark.reliability("2.6-win-owned")
@pytest.mark.rule("3.1-retry-bytes", "3.1-header-webhook-id-stable", "3.1-header-attempt")
async def test_every_attempt_repeats_the_data_and_the_webhook_id(world: World) -> None:
    await world.bet()
    world.line.next(Command.WIN, TIME_OUT, TIME_OUT)
    await world.win()
    await world.settle()
    wins = [call for call in world.line.sent if call.command is Command.WIN]
    assert len({call.data for call in wins}) == 1
    assert len({call.webhook_id for call in wins}) == 1
    assert [call.attempt for call in wins] == [1, 2, 3]


@pytest.mark.reliability("2.6-win-owned")
@pytest.mark.rule("4-replay", "4-replay-follows-row")
async def test_a_repeated_win_follows_the_row(world: World) -> None:
    await world.bet()
    world.line.next(Command.WIN, *[TIME_OUT] * 3)
    assert (await world.win()).delivered is False
    again = await world.win()
    assert (again.delivered, again.replay) == (False, True)
    await world.settle()
    later = await world.win()
    assert (later.delivered, later.balance_minor, later.replay) == (True, 1_050, True)
    assert world.balance == 1_050


@pytest.mark.reliability("2.6-win-already-credited", "I3")
@pytest.mark.rule("3.4-win-meaning")
async def test_a_win_whose_reply_was_lost_is_credited_once(world: World) -> None:
    await world.bet()
    world.line.next(Command.WIN, LOST_REPLY)
    await world.win()
    await world.settle()
    assert world.balance == 1_050
    assert (await world.row("w1")).state is State.CREDITED


@pytest.mark.rule("4-win-open-circuit")
async def test_with_an_open_circuit_a_win_is_answered_at_once(world: World) -> None:
    await world.bet()
    world.line.open.add(world.stage.agent.agent_id)
    began = world.hub.clock.monotonic()
    answer = await world.win()
    assert world.hub.clock.monotonic() - began < 0.2
    assert (answer.code, answer.delivered) == (ApiCode.OK, False)
    world.line.open.clear()
    await world.settle()
    assert world.balance == 1_050


@pytest.mark.rule("4-win-no-bet-2013", "4-not-recorded")
async def test_a_win_without_a_bet_is_not_recorded(world: World) -> None:
    assert (await world.win()).code is ApiCode.ROUND_NOT_FOUND
    assert world.line.sent == []
    await world.bet()
    assert (await world.win()).code is ApiCode.OK


@pytest.mark.reliability("2.6-win-dead-bet", "I5")
@pytest.mark.rule("4-win-bets-undone-3005")
async def test_a_win_on_a_refused_bet_is_refused_and_never_sent(world: World) -> None:
    world.line.next(Command.BET, Refused(result=31))
    await world.bet()
    assert (await world.win()).code is ApiCode.TRANSACTION_CANCELLED
    await world.settle()
    assert world.line.commands() == ["bet"]


@pytest.mark.reliability("2.6-win-before-decision")
@pytest.mark.rule("4-win-bets-undecided")
async def test_a_win_on_an_undecided_bet_waits_and_then_is_told_to_try_again(
    world: World,
) -> None:
    go_on = asyncio.Event()

    async def slow(call: Call) -> Outcome:
        await go_on.wait()
        return world.line.execute(call)

    world.line.next(Command.BET, slow)
    bet = asyncio.create_task(world.bet())
    await pause(0.02)
    assert (await world.win()).code is ApiCode.TRY_AGAIN
    await bet
    waiting = asyncio.create_task(world.win())
    await pause(0.02)
    go_on.set()
    assert (await waiting).code is ApiCode.OK


@pytest.mark.rule("3.4-win-after-bets-decided")
async def test_a_win_is_not_sent_before_an_earlier_bet_of_its_round_is_decided(
    world: World,
) -> None:
    await world.bet("b1")
    go_on = asyncio.Event()

    async def slow(call: Call) -> Outcome:
        await go_on.wait()
        return world.line.execute(call)

    world.line.next(Command.BET, slow)
    bet = asyncio.create_task(world.bet("b2"))
    await pause(0.02)
    win = asyncio.create_task(world.win())
    await pause(0.05)
    await world.worker.tick()
    assert "win" not in world.line.commands()
    go_on.set()
    await bet
    await world.settle()
    assert (await win).code is ApiCode.OK
    assert world.line.commands() == ["bet", "bet", "win"]


@pytest.mark.rule("4-win-needs-bet")
async def test_a_win_may_name_its_bet_in_another_round(world: World) -> None:
    await world.bet("b1", round_id="r1")
    named = await world.win("w1", round_id="r2", bet_transaction_id="b1")
    assert named.code is ApiCode.OK
    assert (await world.win("w2", bet_transaction_id="b9")).code is ApiCode.ROUND_NOT_FOUND
    assert (await world.cancel("b1")).code is ApiCode.NOT_CANCELLABLE


@pytest.mark.rule("4-wins-without-bet")
async def test_a_provider_of_prizes_needs_no_bet(world: World) -> None:
    await world.directory.set_provider(7, {"wins_without_bet": True})
    assert (await world.win()).code is ApiCode.OK
    assert world.balance == 1_200


@pytest.mark.reliability("2.6-win-many-zero-late")
@pytest.mark.rule("4-session-ended-served")
async def test_a_win_is_served_after_its_session_has_ended(world: World) -> None:
    await world.bet()
    await world.directory.end_session(world.stage.session.gplay_id)
    assert (await world.win()).delivered is True


@pytest.mark.reliability("2.6-win-many-zero-late", "I6")
@pytest.mark.rule("3.1-win-zero")
async def test_a_lost_round_gets_its_win_of_0(world: World) -> None:
    await world.bet()
    assert (await world.win(amount="0", closed=True)).delivered is True
    assert (
        b'"amount": 0.00' in world.line.sent[-1].data
        or b'"amount":0.00' in world.line.sent[-1].data
    )


@pytest.mark.reliability("2.6-win-many-zero-late")
@pytest.mark.rule("3.4-wins-any-order", "4-closed-round")
async def test_several_wins_of_a_round_are_all_paid(world: World) -> None:
    await world.bet()
    await asyncio.gather(*(world.win(f"w{number}", "1.00") for number in range(8)))
    await world.settle()
    assert world.balance == 1_000 - 150 + 800


@pytest.mark.reliability("2.6-win-first-41")
@pytest.mark.rule("3.4-41-first-attempt")
async def test_41_on_the_first_attempt_is_checked_by_status_and_parked_when_untrue(
    world: World,
) -> None:

    await world.bet()
    world.line.next(Command.WIN, Duplicate())
    await world.win()
    await world.settle()
    assert (await world.row("w1")).state is State.PARKED
    assert world.line.commands() == ["bet", "win", "status"]


@pytest.mark.reliability("2.6-cancel-agent-out-of-business")
@pytest.mark.rule("1-recorded-delivered-in-every-state")
async def test_recorded_wins_reach_the_players_of_a_suspended_agent(world: World) -> None:

    await world.bet()
    world.line.next(Command.WIN, TIME_OUT)
    await world.directory.set_agent_state("acme", AgentState.SUSPENDED)
    await world.win()
    await world.settle()
    assert world.balance == 1_050


@pytest.mark.rule("4-amount-text", "4-not-recorded")
async def test_a_bad_amount_is_named_and_nothing_is_recorded(world: World) -> None:
    await world.bet()
    answer = await world.win(amount="2.001")
    assert answer.code is ApiCode.VALIDATION_ERROR
    assert [fault.field for fault in answer.faults] == ["amount"]
    assert (await world.win()).replay is False


@pytest.mark.rule("4-replay")
async def test_a_recorded_win_is_answered_from_its_row_though_its_bet_was_undone_since(
    world: World,
) -> None:
    await world.directory.set_provider(7, {"cancel_after_win": True})
    await world.bet()
    await world.win()
    await world.cancel()
    again = await world.win()
    assert (again.code, again.replay, again.balance_minor) == (ApiCode.OK, True, 1_050)
    assert (await world.win("w2")).code is ApiCode.TRANSACTION_CANCELLED


async def test_a_win_that_finds_its_round_gone_on_judges_it_anew(world: World) -> None:
    await world.bet()

    async def round_and_then_a_cancel(key: RoundKey) -> RoundView:
        world.hub.journal = world.journal
        view = await world.journal.round(key)
        assert (await world.cancel()).code is ApiCode.OK
        return view

    world.hub.journal = with_methods(world.journal, round=round_and_then_a_cancel)
    assert (await world.win()).code is ApiCode.TRANSACTION_CANCELLED
    assert world.balance == 1_000


@pytest.mark.rule("4-delivered-means")
async def test_a_recorded_win_that_cannot_be_followed_is_told_as_owed(world: World) -> None:
    await world.bet()
    world.line.next(Command.WIN, TIME_OUT)

    async def fetch(agent_id: int, trans_id: int) -> Transaction | None:
        raise StoreUnavailable(f"{agent_id} {trans_id}")

    world.hub.journal = with_methods(world.journal, fetch=fetch)
    answer = await world.win()
    assert (answer.code, answer.delivered) == (ApiCode.OK, False)
    world.hub.journal = world.journal
    await world.settle()
    assert world.balance == 1_050
