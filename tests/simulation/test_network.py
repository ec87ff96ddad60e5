"""The hub's real HTTP client over simulated wires: what is sent, lost, late, twice or garbage."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import cast

import pytest

from meganodes.callbacks.dial import LinkOf
from meganodes.callbacks.egress import Egress
from meganodes.callbacks.exchange import Exchange, Exchanged, Headers
from meganodes.callbacks.transport import HttpTransport
from meganodes.domain.outcome import Phase
from tests.simulation.connections import WireLink, connect
from tests.simulation.history import Fault, History, Sent
from tests.simulation.loop import VirtualLoop
from tests.simulation.network import LineHabits, Network, Operator
from tests.simulation.node import CALLBACKS, NodeClock
from tests.simulation.plan import draw

HOST = "wallet.casino.example.com"


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes


class Line:
    """One operator that counts what it executes, and a client that calls it."""

    def __init__(self, loop: VirtualLoop, habits: LineHabits) -> None:
        self.history = History(loop.time)
        self.executed: list[float] = []
        self.operator = Operator(agent_id=1, execute=self.execute, habits=habits)
        self.network = Network(draw(1).rng("network"), self.history)
        self.network.add(self.operator, HOST)
        loop.connect_by(connect)
        self._loop = loop
        self._egress = Egress(CALLBACKS.egress_rules(), self.network)
        self._client = HttpTransport(
            CALLBACKS,
            NodeClock(loop, 1_790_000_000_000),
            self._egress,
            dial=self.network.dial,
            link_of=cast("LinkOf", WireLink),
        )

    def execute(self, headers: Mapping[bytes, bytes], body: bytes) -> Reply:
        assert headers[b"X-Test"] == b"yes"
        assert body == b"{}"
        self.executed.append(self._loop.time())
        return Reply(200, b'{"result":0}')

    async def call(self) -> Exchanged:
        exchange = Exchange(
            agent_id=1,
            target=self._egress.parse(f"http://{HOST}/callback"),
            headers=Headers.of([("X-Test", "yes")]),
            body=b"{}",
            deadline=self._loop.time() + 2.0,
        )
        return await self._client.send(exchange)

    @property
    def faults(self) -> list[str]:
        return [fault.kind for fault in self.history.of(Fault)]


def called(habits: LineHabits, play: Callable[[Line], Awaitable[None]]) -> None:
    loop = VirtualLoop()

    async def main() -> None:
        await play(Line(loop, habits))

    try:
        loop.run_until_complete(main())
    finally:
        loop.end()


def test_a_request_is_executed_once_and_the_connection_is_used_again() -> None:
    async def play(line: Line) -> None:
        for _ in range(3):
            done = await line.call()
            assert done.phase is Phase.COMPLETE
            assert done.reply is not None
            assert done.reply.body == b'{"result":0}'
        assert len(line.executed) == len(list(line.history.of(Sent))) == 3
        assert line.faults == []

    called(LineHabits(closing=0.0), play)


@pytest.mark.parametrize(
    ("fate", "executed_in_time", "executed_at_last", "kind"),
    [
        ("request_lost", 0, 0, "request-lost"),
        ("reply_lost", 1, 1, "reply-lost"),
        ("late", 0, 1, "late-execution"),
        ("cut", 1, 1, "reply-cut"),
    ],
)
def test_what_is_not_answered_may_have_been_executed_or_will_be(
    fate: str, executed_in_time: int, executed_at_last: int, kind: str
) -> None:
    async def play(line: Line) -> None:
        done = await line.call()
        assert done.phase is Phase.SENT
        assert done.reply is None
        assert len(line.executed) == executed_in_time
        await asyncio.sleep(200)
        assert len(line.executed) == executed_at_last
        assert line.faults == [kind]

    called(LineHabits(closing=0.0, **{fate: 1.0}), play)


def test_a_duplicate_is_executed_twice() -> None:
    async def play(line: Line) -> None:
        assert (await line.call()).phase is Phase.COMPLETE
        await asyncio.sleep(30)
        assert len(line.executed) == 2

    called(LineHabits(closing=0.0, duplicate=1.0), play)


@pytest.mark.parametrize("fate", ["refused", "unresolved"])
def test_what_finds_nobody_was_provably_not_sent(fate: str) -> None:
    async def play(line: Line) -> None:
        done = await line.call()
        assert done.phase is Phase.BEFORE_SEND
        assert not done.held_back
        assert line.executed == []
        assert not list(line.history.of(Sent))

    called(LineHabits(**{fate: 1.0}), play)


def test_a_connection_that_the_operator_closes_is_not_written_on_once_that_is_seen() -> None:
    async def play(line: Line) -> None:
        for _ in range(20):
            await line.call()
            await asyncio.sleep(10)
        assert len(line.executed) == 20
        assert "stale-connection" not in line.faults

    called(LineHabits(closing=1.0), play)


def test_the_end_of_a_connection_does_not_overtake_the_reply_before_it() -> None:
    async def play(line: Line) -> None:
        for _ in range(40):
            done = await line.call()
            assert done.phase is Phase.COMPLETE
            assert done.reply is not None
            await asyncio.sleep(10)
        assert len(line.executed) == 40

    called(LineHabits(closing=1.0, latency_seconds=0.3), play)


def test_what_is_late_is_executed_within_the_times_of_its_line() -> None:
    async def play(line: Line) -> None:
        began = asyncio.get_running_loop().time()
        await line.call()
        await asyncio.sleep(3_000)
        assert len(line.executed) == 1
        # Beside the delay itself the request is under way for at most a latency.
        assert 1_000 <= line.executed[0] - began <= 2_001

    called(LineHabits(late=1.0, late_seconds_min=1_000, late_seconds_max=2_000), play)


def test_an_operator_that_is_away_breaks_what_is_open() -> None:
    async def play(line: Line) -> None:
        await line.call()
        line.operator.away = "resets"
        done = await line.call()
        assert done.phase is Phase.SENT
        assert len(line.executed) == 1
        assert line.faults == ["operator-resets"]

    called(LineHabits(closing=0.0), play)
