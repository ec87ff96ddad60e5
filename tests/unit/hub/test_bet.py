"""One bet through the core (contract 4): answers, repeats, undoing, and what is refused unsent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.callbacks.gateway import Call
from meganodes.directory.records import AgentState
from meganodes.domain.outcome import Accepted, NotSent, Outcome, Refused, Unknown
from meganodes.domain.transaction import State
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from meganodes.protocol.replies import Permissions
from tests.support.builders import a_game
from tests.support.hub_world import LOST_REPLY, TIME_OUT, World, hub_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with hub_world(tmp_path) as made:
        yield made


@pytest.mark.rule("4-bet", "4-bet-0")
async def test_an_accepted_bet_is_answered_with_guid_and_balance(world: World) -> None:
    answer = await world.bet()
    assert (answer.code, answer.balance_minor) == (ApiCode.OK, 850)
    assert answer.guid == (await world.row("b1")).guid
    assert not answer.replay
    assert world.line.commands() == ["bet"]


@pytest.mark.rule("3.3-bet-deadline-from-commit", "3.3-bet-first-byte")
async def test_a_bets_deadline_counts_from_its_intents_commit(world: World) -> None:
    await world.bet()
    (call,) = world.line.sent
    assert call.first_byte_within == 1.5
    assert call.started_at is not None
    assert call.started_at <= world.hub.clock.monotonic()


@pytest.mark.reliability("I8")
@pytest.mark.rule("4-replay", "4-content", "3.4-bet-sent-once")
async def test_a_repeated_bet_gets_the_first_answer_and_is_not_sent_again(world: World) -> None:
    first = await world.bet(amount="1.5")
    again = await world.bet(amount="1.50")
    assert (again.code, again.guid, again.balance_minor) == (0, first.guid, 850)
    assert again.replay
    assert len(world.line.sent) == 1


@pytest.mark.reliability("2.6-bet-other-content")
@pytest.mark.rule("4-conflict", "4-content", "4-key-unique")
@pytest.mark.parametrize("other", [{"amount": "1.51"}, {"round_id": "r2"}])
async def test_other_content_under_a_known_id_is_a_conflict_and_nothing_is_done(
    world: World, other: dict[str, str]
) -> None:
    await world.bet()
    answer = await world.bet(**other)
    assert answer.code is ApiCode.TRANSACTION_CONFLICT
    assert len(world.line.sent) == 1
    assert (await world.win("b1")).code is ApiCode.TRANSACTION_CONFLICT


REFUSALS = [
    (Refused(result=31, balance_minor=20), ApiCode.BALANCE_NOT_ENOUGH, 20),
    (Refused(result=31), ApiCode.BALANCE_NOT_ENOUGH, None),
    (Refused(result=21), ApiCode.USER_NOT_FOUND, None),
    (Refused(result=22), ApiCode.PLAYER_BLOCKED, None),
    (Refused(result=100), ApiCode.AGENT_UNAVAILABLE, None),
    (NotSent(reason="DNS"), ApiCode.AGENT_UNAVAILABLE, None),
]


@pytest.mark.reliability("2.6-bet-refused", "I2")
@pytest.mark.rule("4-final-recorded", "4-bet-31", "4-bet-21", "4-bet-22", "4-bet-unavailable")
@pytest.mark.parametrize(("outcome", "code", "balance_minor"), REFUSALS)
async def test_a_refusal_is_final_and_a_repeat_gets_the_same_without_a_callback(
    world: World, outcome: Outcome, code: ApiCode, balance_minor: int | None
) -> None:
    world.line.next(Command.BET, outcome)
    for replay in (False, True):
        answer = await world.bet()
        assert (answer.code, answer.replay) == (code, replay)
        assert answer.balance_minor == balance_minor
    await world.settle()
    assert world.line.commands() == ["bet"]


@pytest.mark.reliability("2.6-bet-answer-lost", "2.6-bet-broken-call", "I1", "I2")
@pytest.mark.rule("4-bet-unknown", "3.4-unknown-bet-cancelled", "3.4-bet-sent-once")
@pytest.mark.parametrize("step", [LOST_REPLY, Unknown(reason="internal", result=99)])
async def test_an_unknown_bet_is_answered_3003_and_undone(world: World, step: Outcome) -> None:
    world.line.next(Command.BET, step)
    assert (await world.bet()).code is ApiCode.OUTCOME_UNKNOWN
    await world.settle()
    assert world.balance == 1_000
    assert world.line.commands().count("bet") == 1
    again = await world.bet()
    assert (again.code, again.replay) == (ApiCode.OUTCOME_UNKNOWN, True)


@pytest.mark.reliability("2.6-bet-two-nodes", "I8")
@pytest.mark.rule("4-concurrent-same-id")
async def test_of_two_bets_with_one_id_one_acts_and_the_other_waits_for_its_answer(
    world: World,
) -> None:
    answers = await asyncio.gather(*(world.bet() for _ in range(5)))
    assert {answer.code for answer in answers} == {ApiCode.OK}
    assert sorted(answer.replay for answer in answers) == [False, True, True, True, True]
    assert world.line.commands() == ["bet"]


@pytest.mark.reliability("2.6-bet-two-nodes")
@pytest.mark.rule("4-try-again", "4-three-seconds")
async def test_a_bet_that_takes_too_long_is_answered_3009_and_later_definitely(
    world: World,
) -> None:
    go_on = asyncio.Event()

    async def slow(call: Call) -> Outcome:
        await go_on.wait()
        return world.line.execute(call)

    world.line.next(Command.BET, slow)
    began = world.hub.clock.monotonic()
    assert (await world.bet()).code is ApiCode.TRY_AGAIN
    assert (await world.bet()).code is ApiCode.TRY_AGAIN
    assert world.hub.clock.monotonic() - began < 3 * world.hub.settings.answer_within_seconds
    go_on.set()
    answer = await world.bet()
    assert (answer.code, answer.replay) == (ApiCode.OK, True)
    assert world.line.commands() == ["bet"]


@pytest.mark.rule("1-unapproved-bet-3004", "1-suspended-bet-3004")
@pytest.mark.parametrize("state", [AgentState.UNAPPROVED, AgentState.SUSPENDED])
async def test_an_agent_that_is_not_approved_gets_no_bets_through(
    world: World, state: AgentState
) -> None:
    await world.directory.set_agent_state("acme", state)
    assert (await world.bet()).code is ApiCode.AGENT_UNAVAILABLE
    await world.directory.set_agent_state("acme", AgentState.APPROVED)
    again = await world.bet()
    assert (again.code, again.replay) == (ApiCode.AGENT_UNAVAILABLE, True)
    assert world.line.sent == []


@pytest.mark.rule("1-blocked-user-bet-3007")
async def test_a_blocked_user_bets_nothing(world: World) -> None:
    await world.directory.block_user(world.stage.user.user_code)
    assert (await world.bet()).code is ApiCode.PLAYER_BLOCKED
    assert world.line.sent == []


@pytest.mark.rule("3.2-permission-play", "3.2-permission-max-bet", "3.2-permissions-newest")
@pytest.mark.rule("3.2-permissions-never-block-owed")
async def test_the_newest_permissions_bound_bets_and_never_wins(world: World) -> None:
    number = world.stage.session.gplay_id
    assert (await world.bet("b0", "2.00")).code is ApiCode.OK
    small = Permissions(
        play=True, max_bet_minor=150, session_minutes=None, reality_check_minutes=None
    )
    await world.directory.set_permissions(number, small, None, None)
    assert (await world.bet("b1", "1.50")).code is ApiCode.OK
    assert (await world.bet("b2", "1.51")).code is ApiCode.LIMIT_EXCEEDED
    none = Permissions(
        play=False, max_bet_minor=None, session_minutes=None, reality_check_minutes=None
    )
    await world.directory.set_permissions(number, none, None, None)
    assert (await world.bet("b3", "0.10")).code is ApiCode.PLAYER_BLOCKED
    assert (await world.win("w1", "9.00")).code is ApiCode.OK
    assert world.line.commands() == ["bet", "bet", "win"]


@pytest.mark.rule("3.4-circuit-refuses-bets", "4-bet-unavailable")
async def test_an_open_circuit_refuses_bets_at_once_and_no_cancel_is_made(world: World) -> None:
    world.line.open.add(world.stage.agent.agent_id)
    assert (await world.bet()).code is ApiCode.AGENT_UNAVAILABLE
    assert (await world.row("b1")).state is State.REFUSED
    assert world.line.sent == []


@pytest.mark.rule("4-closed-round")
async def test_a_closed_round_takes_no_bet_and_remembers_that_it_refused(world: World) -> None:
    await world.bet("b1")
    await world.win("w1", "0", closed=True)
    assert (await world.bet("b2")).code is ApiCode.ROUND_CLOSED
    again = await world.bet("b2")
    assert (again.code, again.replay) == (ApiCode.ROUND_CLOSED, True)
    assert (await world.win("w2", "5.00")).code is ApiCode.OK


@pytest.mark.rule("4-bet-lobby-switch", "4-not-recorded")
async def test_a_bet_may_name_another_game_and_an_unknown_one_is_not_recorded(
    world: World,
) -> None:

    await world.directory.import_games(7, [a_game(game_code="roulette")])
    assert (await world.bet("b1", game_code="nothing")).code is ApiCode.GAME_NOT_FOUND
    assert (await world.bet("b1", game_code="roulette")).code is ApiCode.OK
    assert b'"roulette"' in world.line.sent[0].data


@pytest.mark.rule("4-amount-text", "4-not-recorded")
@pytest.mark.parametrize("amount", ["1.505", "-1", "1e2", "", "99999999999999999999"])
async def test_an_amount_the_currency_cannot_carry_is_refused_by_name_and_not_recorded(
    world: World, amount: str
) -> None:
    answer = await world.bet(amount=amount)
    assert answer.code is ApiCode.VALIDATION_ERROR
    assert [fault.field for fault in answer.faults] == ["amount"]
    assert (await world.bet()).code is ApiCode.OK


@pytest.mark.rule("4-bet")
async def test_a_bet_of_0_is_a_bet(world: World) -> None:
    answer = await world.bet(amount="0")
    assert (answer.code, answer.balance_minor) == (ApiCode.OK, 1_000)


@pytest.mark.rule("4-session-own-provider", "4-session-ended-3002")
async def test_an_unknown_or_ended_session_serves_no_bet(world: World) -> None:
    assert (await world.bet(session="mns_nothing")).code is ApiCode.SESSION_INVALID
    await world.directory.end_session(world.stage.session.gplay_id)
    assert (await world.bet()).code is ApiCode.SESSION_INVALID
    assert world.line.sent == []


@pytest.mark.reliability("2.6-bet-crash-after-answer")
async def test_a_crash_between_intent_and_decision_ends_in_a_cancel_and_never_a_second_send(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path, bet_lease_ms=1) as world:
        stuck = asyncio.Event()

        async def vanish(call: Call) -> Outcome:
            world.line.execute(call)
            await stuck.wait()
            return Accepted(balance_minor=850)

        world.line.next(Command.BET, vanish)
        assert (await world.bet()).code is ApiCode.TRY_AGAIN
        await world.worker.tick()
        stuck.set()
        await world.settle()
        assert (await world.row("b1")).state is State.CANCELLED
        assert world.balance == 1_000
        assert world.line.commands().count("bet") == 1
        assert (await world.bet()).code is ApiCode.OUTCOME_UNKNOWN


async def test_a_time_out_is_not_a_refusal(world: World) -> None:
    world.line.next(Command.BET, TIME_OUT)
    await world.bet()
    assert (await world.row("b1")).state is not State.REFUSED
