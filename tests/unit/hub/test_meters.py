"""What is counted of calls and attempts, and whose time is whose."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.callbacks.calls import Attempt
from meganodes.domain.asked import Answer
from meganodes.domain.outcome import (
    Accepted,
    Duplicate,
    NotSeen,
    NotSent,
    Outcome,
    Phase,
    Refused,
    Unknown,
)
from meganodes.hub.meters import NO_SUCH, OUTCOME_NAMES, DoorName, Meters, Stopwatch
from meganodes.kit.metrics import WAITING
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from tests.support.door import World, opened_world
from tests.support.provider_door import BALANCE, FakeCore, a_door, a_request

OUTCOMES: list[tuple[Outcome, Phase, str]] = [
    (Accepted(balance_minor=1), Phase.COMPLETE, "accepted"),
    (Refused(result=31), Phase.COMPLETE, "refused"),
    (Duplicate(), Phase.COMPLETE, "duplicate"),
    (NotSeen(result=43), Phase.COMPLETE, "not_seen"),
    (NotSent(reason="refused"), Phase.BEFORE_SEND, "not_sent"),
    (Unknown(reason="nothing came"), Phase.SENT, "unknown"),
]


def attempt(outcome: Outcome, phase: Phase) -> Attempt:
    return Attempt(command=Command.BET, attempt=1, outcome=outcome, phase=phase, started_at_ms=1)


@pytest.mark.parametrize(("outcome", "phase", "name"), OUTCOMES)
def test_an_attempt_is_counted_by_outcome_and_its_time_if_a_byte_left(
    outcome: Outcome, phase: Phase, name: str
) -> None:
    meters = Meters()
    meters.note_attempt(7, attempt(outcome, phase), 0.3)
    backend = meters.backends.own()[7]
    assert backend.attempts == {(Command.BET, name): 1}
    timed = backend.seconds.distribution().counts[-1]
    assert timed == (0 if phase is Phase.BEFORE_SEND else 1)


def test_every_outcome_has_its_name() -> None:
    assert set(OUTCOME_NAMES.values()) == {name for _, _, name in OUTCOMES}


def test_alarms_are_counted_by_what_stands_before_the_colon() -> None:
    meters = Meters()
    meters.note_alarm("parked: not delivered within the time allowed")
    meters.note_alarm("parked: 41 on the first attempt")
    meters.note_alarm("quick retries are used up")
    assert meters.alarms == {"parked": 2, "quick retries are used up": 1}


def test_the_own_share_is_what_was_not_waited_for() -> None:
    stopwatch = Stopwatch(100.0)
    waiting = WAITING.get()
    assert waiting is not None
    waiting.begin(100.5)
    waiting.end(101.5)
    assert stopwatch.own_seconds(102.0) == 1.0
    waiting.begin(102.0)
    assert stopwatch.own_seconds(105.0) == 1.0, "an answer may leave while a win is under way"


async def test_a_providers_calls_are_counted_refused_ones_too() -> None:
    door = a_door()
    await door.handle(a_request())
    await door.handle(a_request(body=b"{}"))
    await door.handle(a_request(headers=[]))
    await door.handle(a_request(path="/provider/v1/nonsense"))
    counted = {(name, code): count for (_, name, code), count in door.meters.calls.items()}
    assert counted == {
        ("balance", ApiCode.OK): 1,
        ("balance", ApiCode.VALIDATION_ERROR): 1,
        ("balance", ApiCode.TOKEN_NOT_FOUND): 1,
        (NO_SUCH, ApiCode.RESOURCE_NOT_FOUND): 1,
    }
    assert door.meters.own_seconds[DoorName.PROVIDER_API].distribution().counts[-1] == 2


async def test_a_repeat_does_not_count_as_the_hubs_own_time() -> None:
    repeat = Answer(code=ApiCode.OK, exponent=2, balance_minor=BALANCE.balance_minor, replay=True)
    door = a_door(FakeCore(answer=repeat))
    await door.handle(a_request())
    assert door.meters.own_seconds[DoorName.PROVIDER_API].distribution().counts[-1] == 0
    assert sum(door.meters.calls.values()) == 1


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as world:
        yield world


async def test_the_main_api_counts_its_calls_and_what_is_under_way(world: World) -> None:
    world.backend.seconds = 0.0
    await world.post("agent/info")
    async with world.client() as client:
        await client.post("/v4/no-such-thing")
        await client.post("/v4/agent/info", headers={"authorization": "Bearer mna_wrong"})
    meters = world.hub.meters
    counted = {(name, code): count for (_, name, code), count in meters.calls.items()}
    assert counted == {
        ("/v4/agent/info", ApiCode.OK): 1,
        ("/v4/agent/info", ApiCode.TOKEN_INVALID): 1,
        (NO_SUCH, ApiCode.RESOURCE_NOT_FOUND): 1,
    }
    assert meters.main_api_in_flight == 0
    assert meters.own_seconds[DoorName.MAIN_API].distribution().counts[-1] == 2
