"""What counts as wrong: parked, overdue and undecided work, forgotten rounds, open circuits."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.callbacks.gateway import CircuitChange, CircuitState
from meganodes.directory.port import Directory
from meganodes.domain.retry import DAY_MS, HOUR_MS
from meganodes.domain.round import OpenRound
from meganodes.domain.transaction import RoundKey, State
from meganodes.hub.alert_conditions import MINUTE_MS, STUCK_MS, Conditions, ConditionSettings
from meganodes.hub.alerts import AlertKind, Condition
from meganodes.hub.watch import OPEN_ROUNDS_LOOKED_AT, Sight
from meganodes.journal.store import OpenWork
from tests.support.directory import set_the_stage, started_directory
from tests.support.shown_metrics import a_day

NOW_MS = 1_790_000_000_000


@pytest.fixture
async def directory(tmp_path: Path) -> AsyncIterator[Directory]:
    async with started_directory(tmp_path / "directory.db") as directory:
        await set_the_stage(directory)
        yield directory


@pytest.fixture
def conditions(directory: Directory) -> Conditions:
    return Conditions(directory, ConditionSettings())


def work(state: State, age_ms: int, *, count: int = 1, agent_id: int = 1) -> OpenWork:
    return OpenWork(agent_id=agent_id, state=state, count=count, oldest_at_ms=NOW_MS - age_ms)


def found(conditions: Conditions, *open_work: OpenWork) -> list[tuple[str, str, int]]:
    sight = Sight(at_ms=NOW_MS, open_work=open_work)
    return [(each.key, each.subject, each.count) for each in conditions.now(sight, ())]


def circuit(*, is_alarming: bool = False) -> CircuitChange:
    return CircuitChange(
        agent_id=1, state=CircuitState.OPEN, reason="10 calls failed", is_alarming=is_alarming
    )


async def test_whatever_is_parked_is_wrong(conditions: Conditions) -> None:
    assert found(conditions, work(State.PARKED, 0, count=3)) == [("parked:agent/1", "acme", 3)]


@pytest.mark.parametrize("state", [State.OWED, State.CANCELLING, State.NOT_SEEN_WAIT])
async def test_owed_work_is_wrong_once_it_is_old(conditions: Conditions, state: State) -> None:
    assert found(conditions, work(state, 15 * MINUTE_MS - 1)) == []
    assert found(conditions, work(state, 15 * MINUTE_MS)) == [("overdue:agent/1", "acme", 1)]


async def test_a_bet_without_a_decision_is_wrong_after_a_minute(conditions: Conditions) -> None:
    assert found(conditions, work(State.PENDING, STUCK_MS - 1)) == []
    assert found(conditions, work(State.PENDING, STUCK_MS)) == [("stuck:agent/1", "acme", 1)]


async def test_old_work_of_several_states_is_one_condition(conditions: Conditions) -> None:
    sight = Sight(
        at_ms=NOW_MS,
        open_work=(
            work(State.OWED, 20 * MINUTE_MS, count=2),
            work(State.CANCELLING, 30 * MINUTE_MS, count=3),
            work(State.OWED, 16 * MINUTE_MS, agent_id=99),
        ),
    )
    first, second = conditions.now(sight, ())
    assert first == Condition(
        key="overdue:agent/1",
        kind=AlertKind.OVERDUE,
        subject="acme",
        since_ms=NOW_MS - 30 * MINUTE_MS,
        count=5,
        summary="5 wins and cancels of acme are owed, the oldest for 30 min",
    )
    assert second.subject == "99", "an agent that nobody knows still has its work"


async def test_a_circuit_is_wrong_once_it_is_open_for_a_while(conditions: Conditions) -> None:
    def keys(at_ms: int, *circuits: CircuitChange) -> list[str]:
        return [each.key for each in conditions.now(Sight(at_ms=at_ms), circuits)]

    assert keys(NOW_MS, circuit()) == []
    assert keys(NOW_MS + 59_999, circuit()) == []
    assert keys(NOW_MS + 60_000, circuit()) == ["circuit:agent/1"]
    assert keys(NOW_MS + 60_001) == []
    assert keys(NOW_MS + 60_002, circuit()) == [], "it closed meanwhile and is open anew"


async def test_a_refused_token_is_wrong_at_once(conditions: Conditions) -> None:
    (only,) = conditions.now(Sight(at_ms=NOW_MS), (circuit(is_alarming=True),))
    assert only.kind is AlertKind.CIRCUIT
    assert only.summary == "bets of acme are refused at once: 10 calls failed"


async def test_forgotten_rounds_are_one_condition_for_each_provider(
    conditions: Conditions,
) -> None:
    def opened(provider_id: int, hours: int) -> OpenRound:
        key = RoundKey(agent_id=1, provider_id=provider_id, user_code=1, round_id=f"r{hours}")
        return OpenRound(key=key, opened_at_ms=NOW_MS - hours * HOUR_MS)

    sight = Sight(at_ms=NOW_MS, open_rounds=(opened(7, 30), opened(7, 26), opened(8, 25)))
    first, second = conditions.now(sight, ())
    assert (first.key, first.count, first.since_ms) == (
        "open_rounds:provider/7",
        2,
        NOW_MS - 30 * HOUR_MS,
    )
    assert "the oldest for 30 h" in first.summary
    assert (second.key, second.subject) == ("open_rounds:provider/8", "8")
    many = Sight(at_ms=NOW_MS, open_rounds=(opened(7, 30),) * OPEN_ROUNDS_LOOKED_AT)
    assert conditions.now(many, ())[0].summary.startswith("at least 1000 rounds")


async def test_days_that_differ_are_one_condition_for_each_agent(conditions: Conditions) -> None:
    days = (
        a_day(day_ms=NOW_MS - 2 * DAY_MS, number=5),
        a_day(day_ms=NOW_MS - DAY_MS, number=9, differences=1),
        a_day(agent_id=2, differences=0, unanswered=7),
    )
    (only,) = conditions.now(Sight(at_ms=NOW_MS, reconciled=days), ())
    assert (only.key, only.subject, only.count) == ("differences:agent/1", "acme", 3)
    assert only.since_ms == NOW_MS - 2 * DAY_MS
    assert only.summary == "3 transactions of acme differ from its backend: report 5, 9"
