"""The network between hub nodes and operators: bytes travel, and whatever may go wrong does.

A node writes a request on a `Wire`; what becomes of it is drawn here, with the network's own
randomness. An operator executes in one step, at the moment its `execute` is called.
"""

from __future__ import annotations

import asyncio
import math
import random
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol, cast

from meganodes.callbacks.egress import Unresolved
from tests.simulation.connections import FIN, Wire
from tests.simulation.garbage import GARBAGE_REPLIES, broken_reply, http_reply
from tests.simulation.history import History, Sent
from tests.simulation.loop import WORLD


class Replied(Protocol):
    """What an operator answers."""

    @property
    def status(self) -> int: ...

    @property
    def body(self) -> bytes: ...


Execute = Callable[[Mapping[bytes, bytes], bytes], Replied]
"""Headers (names as they were sent) and body to an answer, in one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineHabits:
    """What may become of callbacks on their way: shares of 0 to 1, of all requests.

    ``late`` ones are executed ``late_seconds_min`` to ``late_seconds_max`` after they were sent.
    ``closing`` is the share of replies after which the operator ends the connection, soon or after
    some idling.
    """

    request_lost: float = 0.0
    reply_lost: float = 0.0
    late: float = 0.0
    late_seconds_min: float = 3.0
    late_seconds_max: float = 60.0
    duplicate: float = 0.0
    garbage: float = 0.0
    broken: float = 0.0
    gateway_error: float = 0.0
    reset: float = 0.0
    cut: float = 0.0
    slow: float = 0.0
    drip: float = 0.0
    refused: float = 0.0
    unresolved: float = 0.0
    closing: float = 0.05
    latency_seconds: float = 0.05


def healed(habits: LineHabits) -> LineHabits:
    """Give a line without faults, as quick as it was, whose connections still end now and then."""
    return LineHabits(closing=habits.closing, latency_seconds=habits.latency_seconds)


OUTAGES: Final = ("refuses", "is-silent", "gateway-errors", "resets")


@dataclass(slots=True, kw_only=True)
class Operator:
    """One operator as the network knows it."""

    agent_id: int
    execute: Execute
    habits: LineHabits
    away: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request on its way. ``exchange`` is its number in the history."""

    wire: Wire
    exchange: int
    headers: Mapping[bytes, bytes]
    body: bytes


class Network:
    """Names, connections and messages. Everything a node sends passes `receive`."""

    def __init__(self, rng: random.Random, history: History) -> None:
        """Connect nobody yet."""
        self.operators: dict[int, Operator] = {}
        self.latest_at = 0.0
        self.messages = 0
        self._random = rng
        self._history = history
        self._loop = asyncio.get_running_loop()
        self._hosts: dict[str, int] = {}
        self._addresses: dict[str, str] = {}

    def add(self, operator: Operator, *hosts: str) -> None:
        """Let an operator be reached under these names."""
        self.operators[operator.agent_id] = operator
        for host in hosts:
            self._hosts[host] = operator.agent_id
            self._addresses[f"93.184.216.{len(self._addresses) + 1}"] = host

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Do the name server's work, badly at times."""
        operator = self.operators[self._hosts[host]]
        await asyncio.sleep(self._random.random() * 0.01)
        if self._drawn(operator.habits.unresolved):
            self._note(operator, "name-not-resolved")
            raise Unresolved(f"the name {host} has no address")
        return tuple(address for address, name in self._addresses.items() if name == host)

    async def dial(self, address: str, port: int) -> socket.socket:
        """Open a connection to one of the operators' addresses."""
        assert port == 80, "operators listen there"
        host = self._addresses[address]
        operator = self.operators[self._hosts[host]]
        await asyncio.sleep(self._latency(operator))
        if operator.away == "refuses" or self._drawn(operator.habits.refused):
            self._note(operator, "connection-refused")
            raise ConnectionRefusedError("nobody listens")
        return cast("socket.socket", Wire(operator.agent_id, host, self.receive))

    def receive(self, wire: Wire, data: bytes) -> None:
        """Take one whole request from a node and decide what becomes of it."""
        head, _, body = data.partition(b"\r\n\r\n")
        lines = [line.partition(b": ") for line in head.split(b"\r\n")[1:]]
        headers = tuple((name, value) for name, _, value in lines)
        self.messages += 1
        wire.exchanges += 1
        request = Request(
            wire=wire,
            exchange=self.messages,
            headers=dict(headers),
            body=body,
        )
        self._history.append(
            Sent(
                at=self._loop.time(),
                node=self._history.node(),
                agent_id=wire.agent_id,
                exchange=request.exchange,
                headers=headers,
                body=body,
            )
        )
        operator = self.operators[wire.agent_id]
        fate = self._away if operator.away else self._fate(operator)
        self._later(self._latency(operator), fate, operator, request)

    # --- fates: each is called when the request reaches the operator's end ------------------------

    def _fate(self, operator: Operator) -> Callable[[Operator, Request], None]:
        habits = operator.habits
        drawn = self._random.random()
        for share, fate in (
            (habits.request_lost, self._request_lost),
            (habits.reply_lost, self._reply_lost),
            (habits.late, self._late),
            (habits.duplicate, self._duplicate),
            (habits.garbage, self._garbage),
            (habits.broken, self._broken),
            (habits.gateway_error, self._gateway_error),
            (habits.reset, self._reset),
            (habits.cut, self._cut),
            (habits.slow, self._slow),
            (habits.drip, self._drip),
        ):
            if drawn < share:
                return fate
            drawn -= share
        return self._served

    def _served(self, operator: Operator, request: Request) -> None:
        if self._is_gone(operator, request):
            return
        self._reply(operator, request, self._run(operator, request))

    def _request_lost(self, operator: Operator, request: Request) -> None:
        self._note(operator, "request-lost", request)

    def _reply_lost(self, operator: Operator, request: Request) -> None:
        self._note(operator, "reply-lost", request)
        self._run(operator, request)

    def _late(self, operator: Operator, request: Request) -> None:
        """A proxy keeps the request and delivers it when nobody waits for it any more."""
        least, most = operator.habits.late_seconds_min, operator.habits.late_seconds_max
        seconds = least * math.exp(self._random.random() * math.log(most / least))
        self._note(operator, "late-execution", request, f"{seconds:.1f} s")
        self.latest_at = max(self.latest_at, self._loop.time() + seconds)
        self._later(seconds, self._run, operator, request)
        if self._drawn(0.3):
            request.wire.arrive(ConnectionResetError("the proxy has gone"))

    def _duplicate(self, operator: Operator, request: Request) -> None:
        """A proxy sends it twice; the reply is that to the first or to the second."""
        self._note(operator, "duplicate", request)
        first = self._run(operator, request)
        if self._drawn(0.5):
            self._reply(operator, request, first)
            seconds = self._random.choice((0.01, 1.0, 20.0)) * self._random.random()
            self.latest_at = max(self.latest_at, self._loop.time() + seconds)
            self._later(seconds, self._run, operator, request)
        else:
            self._reply(operator, request, self._run(operator, request))

    def _garbage(self, operator: Operator, request: Request) -> None:
        """Good HTTP with something in it that says nothing; done or not, nobody can tell."""
        name = self._random.choice(GARBAGE_REPLIES)
        self._note(operator, "garbage", request, name[0])
        if self._drawn(0.5):
            self._run(operator, request)
        self._send(operator, request, http_reply(200, name[1]))

    def _broken(self, operator: Operator, request: Request) -> None:
        name, data = broken_reply(self._random)
        self._note(operator, "broken-http", request, name)
        if self._drawn(0.5):
            self._run(operator, request)
        self._send(operator, request, data)

    def _gateway_error(self, operator: Operator, request: Request) -> None:
        self._note(operator, "gateway-error", request)
        if self._drawn(0.3):
            self._run(operator, request)
        status = self._random.choice((302, 404, 429, 500, 502, 503, 504))
        self._send(operator, request, http_reply(status, b"<html>later</html>"))

    def _reset(self, operator: Operator, request: Request) -> None:
        executed = self._drawn(0.5)
        self._note(operator, "reset", request, "after execution" if executed else "")
        if executed:
            self._run(operator, request)
        self._break(operator, request)

    def _cut(self, operator: Operator, request: Request) -> None:
        """The connection ends in the middle of the reply."""
        self._note(operator, "reply-cut", request)
        replied = self._run(operator, request)
        data = http_reply(replied.status, replied.body)
        self._send(operator, request, data[: self._random.randrange(1, len(data))])
        self._later(self._latency(operator) + 0.2, self._finish, request)

    def _slow(self, operator: Operator, request: Request) -> None:
        """It is executed, but the answer comes close to the deadline or after it."""
        self._note(operator, "slow-reply", request)
        seconds = self._random.uniform(0.5, 8.0)
        self._later(seconds * self._random.random(), self._served_after, operator, request, seconds)

    def _drip(self, operator: Operator, request: Request) -> None:
        self._note(operator, "reply-drips", request)
        replied = self._run(operator, request)
        data = http_reply(replied.status, replied.body)
        size = max(1, len(data) // self._random.randrange(2, 6))
        every = self._random.choice((0.05, 0.3, 1.5))
        for position in range(0, len(data), size):
            piece = data[position : position + size]
            self._bring(request.wire, piece, every * (position // size))

    def _away(self, operator: Operator, request: Request) -> None:
        """The whole operator is away, each in its own manner."""
        if operator.away is None:
            self._served(operator, request)
            return
        self._note(operator, f"operator-{operator.away}", request)
        if operator.away == "gateway-errors":
            self._send(operator, request, http_reply(503, b"down"))
        elif operator.away in {"resets", "refuses"}:
            self._break(operator, request)

    # --- what they are made of --------------------------------------------------------------------

    def _run(self, operator: Operator, request: Request) -> Replied:
        return operator.execute(request.headers, request.body)

    def _served_after(self, operator: Operator, request: Request, seconds: float) -> None:
        if not self._is_gone(operator, request):
            replied = self._run(operator, request)
            data = http_reply(replied.status, replied.body)
            self._later(seconds * self._random.random(), self._send, operator, request, data)

    def _is_gone(self, operator: Operator, request: Request) -> bool:
        """A request that meets a closed end is answered by a reset, and never executed."""
        if request.wire.is_closed_there:
            self._note(operator, "stale-connection", request)
            self._break(operator, request)
        return request.wire.is_closed_there

    def _reply(self, operator: Operator, request: Request, replied: Replied) -> None:
        closing = self._drawn(operator.habits.closing)
        said = closing and self._drawn(0.5)
        self._send(operator, request, http_reply(replied.status, replied.body, closes=said))
        if closing:
            idle = self._random.choice((0.0, 0.001, 0.5, 5.0)) * self._random.random()
            self._later(self._latency(operator) + idle, self._finish, request)

    def _send(self, operator: Operator, request: Request, data: bytes) -> None:
        self.messages += 1
        self._bring(request.wire, data, self._latency(operator))

    def _finish(self, request: Request) -> None:
        request.wire.is_closed_there = True
        self._bring(request.wire, FIN, 0.0)

    def _bring(self, wire: Wire, data: bytes, seconds: float) -> None:
        """Let bytes, or FIN, arrive after so long, but never before what was sent ahead of them."""
        wire.brought_at = max(wire.brought_at, self._loop.time() + seconds)
        self._loop.call_at(wire.brought_at, wire.arrive, data, context=WORLD)

    def _break(self, operator: Operator, request: Request) -> None:
        request.wire.is_closed_there = True
        error = ConnectionResetError("connection reset by peer")
        self._later(self._latency(operator), request.wire.arrive, error)

    def _latency(self, operator: Operator) -> float:
        return operator.habits.latency_seconds * (0.1 + self._random.random())

    def _drawn(self, share: float) -> bool:
        return bool(share) and self._random.random() < share

    def _later(self, seconds: float, work: Callable[..., object], *args: object) -> None:
        self._loop.call_later(seconds, partial(work, *args), context=WORLD)

    def _note(
        self, operator: Operator, kind: str, request: Request | None = None, detail: str = ""
    ) -> None:
        if request is not None:
            detail = f"{request.exchange} {detail}".strip()
        self._history.fault(kind, agent_id=operator.agent_id, detail=detail)
