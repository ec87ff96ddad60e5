"""A bet with its wins in one request (contract 4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.callbacks.gateway import Call
from meganodes.domain.outcome import Outcome, Refused
from meganodes.domain.transaction import State, Transaction, TransactionKey
from meganodes.journal.memory import StoreFault
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from tests.support.hub_world import LOST_REPLY, TIME_OUT, World, hub_world
from tests.support.races import held_until, pause, with_methods


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with hub_world(tmp_path) as made:
        yield made


@pytest.mark.rule("4-betwin", "4-betwin-atomic")
async def test_stake_and_wins_move_and_the_last_balance_is_answered(world: World) -> None:
    answer = await world.betwin(("w1", "2.00"), ("w2", "0.50"))
    assert answer.code is ApiCode.OK
    assert answer.bet is not None
    assert answer.bet.balance_minor == 850
    assert [item.delivered for item in answer.wins] == [True, True]
    assert world.balance == 1_100
    assert (await world.round()).closed is True


@pytest.mark.rule("4-betwin-bet-refused")
async def test_without_the_stake_no_win_is_recorded(world: World) -> None:
    world.line.next(Command.BET, Refused(result=31, balance_minor=1))
    answer = await world.betwin(("w1", "2.00"))
    assert (answer.code, answer.balance_minor) == (ApiCode.BALANCE_NOT_ENOUGH, 1)
    await world.settle()
    assert world.line.commands() == ["bet"]
    await world.bet("b2")
    assert (await world.win("w1")).code is ApiCode.OK, "the win's id stayed free"


@pytest.mark.reliability("I5")
@pytest.mark.rule("4-betwin-bet-refused")
async def test_an_unknown_stake_is_undone_and_no_win_is_recorded(world: World) -> None:
    world.line.next(Command.BET, LOST_REPLY)
    assert (await world.betwin(("w1", "2.00"))).code is ApiCode.OUTCOME_UNKNOWN
    await world.settle()
    assert world.balance == 1_000
    assert "win" not in world.line.commands()


@pytest.mark.rule("4-betwin-key", "4-replay", "4-conflict")
async def test_a_repeat_is_answered_from_the_record_and_other_items_are_a_conflict(
    world: World,
) -> None:
    first = await world.betwin(("w1", "2.00"))
    again = await world.betwin(("w1", "2.00"))
    assert again.replay
    assert (again.bet, again.wins) == (first.bet, first.wins)
    assert (await world.betwin(("w1", "2.01"))).code is ApiCode.TRANSACTION_CONFLICT
    assert (await world.betwin(("w1", "2.00"), ("w2", "1"))).code is ApiCode.TRANSACTION_CONFLICT
    assert (await world.bet("b1")).code is ApiCode.TRANSACTION_CONFLICT
    assert (await world.win("w1")).code is ApiCode.TRANSACTION_CONFLICT
    assert world.balance == 1_050


@pytest.mark.rule("4-betwin-key")
async def test_a_win_id_in_use_refuses_the_whole_before_anything_is_sent(world: World) -> None:
    await world.bet("b0")
    await world.win("w1")
    answer = await world.betwin(("w1", "2.00"))
    assert answer.code is ApiCode.TRANSACTION_CONFLICT
    assert world.line.commands() == ["bet", "win"]


async def test_a_win_id_taken_while_the_stake_is_under_way_gives_the_stake_back(
    world: World,
) -> None:

    async def steal_the_id(call: Call) -> Outcome:
        await world.bet("w1", "0.10", round_id="r9")
        return world.line.execute(call)

    world.line.next(Command.BET, steal_the_id)
    answer = await world.betwin(("w1", "2.00"))
    assert answer.code is ApiCode.TRANSACTION_CANCELLED
    await world.settle()
    assert (await world.row("b1")).state is State.CANCELLED
    assert world.balance == 990


@pytest.mark.rule("4-betwin", "4-delivered-means")
async def test_wins_that_are_not_taken_in_time_are_owed(world: World) -> None:
    world.line.next(Command.WIN, *[TIME_OUT] * 4)
    answer = await world.betwin(("w1", "2.00"))
    assert [item.delivered for item in answer.wins] == [False]
    assert answer.balance_minor == 850
    await world.settle()
    assert world.balance == 1_050
    assert [item.delivered for item in (await world.betwin(("w1", "2.00"))).wins] == [True]


@pytest.mark.rule("4-amount-text")
async def test_all_bad_amounts_are_named_at_once(world: World) -> None:
    answer = await world.betwin(("w1", "2.001"), ("w2", "-1"), stake="x")
    assert answer.code is ApiCode.VALIDATION_ERROR
    assert [fault.field for fault in answer.faults] == [
        "bet.amount",
        "wins[0].amount",
        "wins[1].amount",
    ]


async def test_a_betwin_whose_intent_may_not_be_durable_is_not_sent(world: World) -> None:
    world.faults.append(StoreFault.LOST)
    assert (await world.betwin(("w1", "2.00"))).code is ApiCode.TRY_AGAIN
    assert world.line.sent == []


async def test_of_betwins_at_once_one_acts_and_the_others_wait_for_its_answer(
    world: World,
) -> None:
    go_on = asyncio.Event()
    world.line.next(Command.BET, held_until(world, go_on))
    asking = [asyncio.create_task(world.betwin(("w1", "2.00"))) for _ in range(4)]
    await pause(0.05)
    go_on.set()
    answers = await asyncio.gather(*asking)
    assert {answer.code for answer in answers} == {ApiCode.OK}
    assert sorted(answer.replay for answer in answers) == [False, True, True, True]
    assert world.line.commands() == ["bet", "win"]


@pytest.mark.reliability("I8")
@pytest.mark.parametrize("read", [1, 2])
async def test_a_betwin_that_another_node_has_just_recorded_is_answered_from_its_row(
    world: World, read: int
) -> None:
    """Whichever read it happens before: the stake's or, the stake being unknown yet, the win's."""
    reads = 0

    async def find(key: TransactionKey) -> Transaction | None:
        nonlocal reads
        reads += 1
        known = await world.journal.find(key)
        if reads == read:
            world.hub.journal = world.journal
            assert (await world.betwin(("w1", "2.00"))).code is ApiCode.OK
        return known

    world.hub.journal = with_methods(world.journal, find=find)
    again = await world.betwin(("w1", "2.00"))
    assert (again.code, again.replay) == (ApiCode.OK, True)
    assert world.line.commands() == ["bet", "win"]


async def test_a_repeated_betwin_is_told_to_try_again_while_its_stake_is_undecided(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path, answer_within_seconds=0.3) as world:
        go_on = asyncio.Event()
        world.line.next(Command.BET, held_until(world, go_on))
        for _ in range(2):
            assert (await world.betwin(("w1", "2.00"))).code is ApiCode.TRY_AGAIN
        go_on.set()
        await world.hub.drain()
        assert world.line.commands() == ["bet", "win"]


@pytest.mark.rule("4-tombstone-late-bet")
async def test_a_betwin_that_its_cancel_overtook_is_refused_unsent(world: World) -> None:
    await world.cancel("b1")
    assert (await world.betwin(("w1", "2.00"))).code is ApiCode.TRANSACTION_CANCELLED
    assert world.line.sent == []


async def test_a_repeated_betwin_repeats_the_refusal_of_its_stake(world: World) -> None:
    world.line.next(Command.BET, Refused(result=31, balance_minor=1))
    await world.betwin(("w1", "2.00"))
    again = await world.betwin(("w1", "2.00"))
    assert (again.code, again.replay) == (ApiCode.BALANCE_NOT_ENOUGH, True)


async def test_without_its_game_neither_stake_nor_win_is_recorded(world: World) -> None:
    world.hub.directory = with_methods(world.directory, game=lambda *_: None)
    assert (await world.betwin(("w1", "2.00"))).code is ApiCode.GAME_NOT_FOUND
    world.hub.directory = world.directory
    await world.bet()
    world.hub.directory = with_methods(world.directory, game=lambda *_: None)
    assert (await world.win()).code is ApiCode.GAME_NOT_FOUND
    assert world.line.commands() == ["bet"]
