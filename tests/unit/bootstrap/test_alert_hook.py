"""Telling people beside all other work: retries, what is remembered, what never blocks."""

from __future__ import annotations

import asyncio
import json
import stat
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from meganodes.bootstrap.alert_hook import AlertHook, AlertPorts
from meganodes.bootstrap.alert_post import AlertLine, Sender
from meganodes.callbacks.egress import Egress, EgressRules
from meganodes.callbacks.exchange import Exchange, Exchanged
from meganodes.callbacks.scripted import ScriptedTransport, answered
from meganodes.directory.port import Directory
from meganodes.domain.transaction import State
from meganodes.hub.alert_conditions import Conditions, ConditionSettings
from meganodes.hub.alerts import AlertKind, Condition, Standing
from meganodes.hub.watch import Sight
from meganodes.journal.store import OpenWork
from meganodes.kit.clock import ManualClock
from meganodes.kit.identity import SeededIdentity
from meganodes.kit.kept_file import read_kept, write_kept
from meganodes.kit.secrets import Secret
from tests.support.callback_urls import NameService
from tests.support.listener import eventually

MINUTE_MS = 60_000
PARKED = OpenWork(agent_id=1, state=State.PARKED, count=1, oldest_at_ms=1)


@dataclass
class Stage:
    """A hook whose messages come to a script; `file` is what it remembers."""

    file: Path
    clock: ManualClock = field(default_factory=ManualClock)
    statuses: list[int] = field(default_factory=list)
    gate: asyncio.Event | None = None
    bodies: list[bytes] = field(default_factory=list)

    def hook(self) -> AlertHook:
        nobody = cast("Directory", SimpleNamespace(agent=lambda _: None))
        target = Egress(EgressRules(), NameService()).parse("https://alerts.example.com/")
        transport = ScriptedTransport(self._answer, self.clock)
        return AlertHook(
            AlertPorts(
                line=AlertLine(target, (Secret(b"s" * 32),), transport, self.clock),
                sender=Sender(installation="inst", node="node-0"),
                conditions=Conditions(nobody, ConditionSettings()),
                circuits=lambda: (),
                clock=self.clock,
                identity=SeededIdentity(1),
                remembered=self.file,
            ),
            (10 * MINUTE_MS, 60 * MINUTE_MS),
        )

    async def _answer(self, exchange: Exchange) -> Exchanged:
        self.bodies.append(exchange.body)
        if self.gate is not None:
            await self.gate.wait()
        return answered(exchange, b"", status=self.statuses.pop(0) if self.statuses else 204)

    def sight(self, *work: OpenWork) -> Sight:
        return Sight(at_ms=self.clock.now_ms(), open_work=work)

    def told(self) -> list[list[tuple[str, str]]]:
        """The kinds and states of each message that left."""
        return [
            [(each["kind"], each["state"]) for each in json.loads(body)["data"]["alerts"]]
            for body in self.bodies
        ]


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path / "hub.db.alerts.json")


async def arrived(hook: AlertHook, count: int) -> None:
    """Wait until so many were delivered and that is written down: before, no other is sent."""

    def is_so() -> bool:
        sending = hook._sending
        return hook.messages["delivered"] == count and sending is not None and sending.done()

    await eventually(is_so, 30)


async def has_written(path: Path, condition: Callable[[tuple[Standing, ...]], bool]) -> None:
    await eventually(
        lambda: path.exists() and condition(read_kept(path, tuple[Standing, ...], ())), 30
    )


async def test_a_condition_is_told_once_and_its_end_too(stage: Stage) -> None:
    hook = stage.hook()
    await hook.note(stage.sight(PARKED))
    await arrived(hook, 1)
    await hook.note(stage.sight(PARKED))
    for _ in range(4):
        stage.clock.advance(60)
        await hook.note(stage.sight())
    await arrived(hook, 2)
    assert stage.told() == [[("parked", "firing")], [("parked", "resolved")]]
    assert hook.firing() == {}
    await hook.stop()


async def test_what_does_not_arrive_is_tried_again_unchanged(stage: Stage) -> None:
    stage.statuses = [500, 404]
    hook = stage.hook()
    await hook.note(stage.sight(PARKED))
    await eventually(lambda: len(stage.bodies) == 1)
    await stage.clock.pass_time(5)
    await eventually(lambda: len(stage.bodies) == 2)
    await stage.clock.pass_time(30)
    await arrived(hook, 1)
    assert len(stage.bodies) == 3
    assert len(set(stage.bodies)) == 1
    assert hook.messages["failed"] == 2
    await hook.stop()


async def test_after_the_last_try_the_next_look_begins_anew(stage: Stage) -> None:
    stage.statuses = [500] * 5
    hook = stage.hook()
    await hook.note(stage.sight(PARKED))
    await eventually(lambda: len(stage.bodies) == 1)
    for tries, seconds in enumerate((5, 30, 120, 300), 2):
        await stage.clock.pass_time(seconds)
        await eventually(lambda tries=tries: len(stage.bodies) == tries)  # type: ignore[misc]
    await eventually(lambda: hook.messages["failed"] == 5)
    await asyncio.sleep(0)
    await hook.note(stage.sight(PARKED))
    await arrived(hook, 1)
    assert len(set(stage.bodies)) == 2
    await hook.stop()


async def test_a_receiver_that_hangs_holds_up_no_look(stage: Stage) -> None:
    stage.gate = asyncio.Event()
    hook = stage.hook()
    async with asyncio.timeout(30):
        for _ in range(5):
            await hook.note(stage.sight(PARKED))
        await eventually(lambda: len(stage.bodies) == 1)
        await hook.note(stage.sight(PARKED))
        await hook.stop()
    assert len(stage.bodies) == 1, "one message is under way at a time"
    assert not stage.file.exists(), "what has not arrived was not told"


async def test_a_restart_neither_repeats_nor_forgets(stage: Stage) -> None:
    hook = stage.hook()
    await hook.note(stage.sight(PARKED))
    await arrived(hook, 1)
    await has_written(stage.file, lambda known: len(known) == 1)
    await hook.stop()
    assert stat.S_IMODE(stage.file.stat().st_mode) == 0o600
    second = stage.hook()
    stage.clock.advance(60)
    await second.note(stage.sight(PARKED))
    assert second.firing() == {"parked": 1}
    stage.clock.advance(600)
    await second.note(stage.sight(PARKED))
    await arrived(second, 1)
    assert json.loads(stage.bodies[-1])["data"]["alerts"][0]["time"] == 2
    await second.stop()


@pytest.mark.parametrize("content", [b"", b"{", b'[{"condition": 7}]', b"\xff"])
def test_a_file_that_cannot_be_read_means_that_nothing_was_told(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "alerts.json"
    path.write_bytes(content)
    assert read_kept(path, tuple[Standing, ...], ()) == ()


def test_what_is_remembered_comes_back_as_it_was(tmp_path: Path) -> None:
    condition = Condition(
        key="circuit:agent/1",
        kind=AlertKind.CIRCUIT,
        subject="acme",
        since_ms=5,
        count=1,
        summary="down",
    )
    known = (Standing(condition=condition, times=3, told_at_ms=7, told_count=1),)
    write_kept(tmp_path / "alerts.json", known)
    assert read_kept(tmp_path / "alerts.json", tuple[Standing, ...], ()) == known


def test_a_place_that_cannot_be_written_costs_a_line_in_the_log_and_no_more(
    tmp_path: Path,
) -> None:
    write_kept(tmp_path / "none" / "alerts.json", ())
