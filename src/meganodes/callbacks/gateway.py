"""One callback to one agent's backend, from the call to what it means.

Nothing here repeats: an attempt is one try, and its `Attempt` comes back whatever network and
backend did. What follows from it is decided elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from meganodes.callbacks.bulkhead import Lane
from meganodes.callbacks.calls import AgentView, Attempt, Call
from meganodes.callbacks.circuit import CircuitState
from meganodes.callbacks.egress import BadTarget, Egress
from meganodes.callbacks.exchange import Exchange, Exchanged, Transport
from meganodes.callbacks.interpret import interpret
from meganodes.callbacks.line import CircuitChange, Line, Refusal, Verdict, judge
from meganodes.callbacks.request import PreparedAgent, envelope, traceparent_of
from meganodes.callbacks.settings import CallbackSettings
from meganodes.domain.outcome import NotSent, Outcome, Phase, Unknown
from meganodes.kit.clock import Clock
from meganodes.kit.identity import Identity
from meganodes.kit.masking import masked_text
from meganodes.kit.metrics import WAITING
from meganodes.protocol.commands import Command
from meganodes.protocol.replies import HttpReply, Question, Reply, read_reply

__all__ = [
    "AgentView",
    "Attempt",
    "Call",
    "CallbackGateway",
    "CircuitChange",
    "CircuitState",
    "HttpGateway",
    "Lane",
]


class CallbackGateway(Protocol):
    """The line out to the agents' backends, as the hub sees it."""

    async def send(self, agent: AgentView, call: Call) -> Attempt:
        """Make one attempt. Its outcome is one of the six of `domain.outcome`; nothing raises."""

    def is_open(self, agent_id: int) -> bool:
        """Tell whether bets to this agent are refused at once because its backend is down."""

    def may_deliver(self, agent_id: int) -> bool:
        """Tell whether one more owed win or cancel may be sent now, as a probe if need be."""

    def delivery_room(self, agent_id: int) -> int:
        """Return how many owed wins and cancels may be sent now; 1 when only a probe may."""

    def probe_wanted(self, agent_id: int, now: float | None = None) -> bool:
        """Tell whether the open circuit waits for a DELIVERY call to probe with."""

    def probes_wanted(self) -> tuple[int, ...]:
        """Name the agents whose open circuit waits for a probe."""

    async def close(self) -> None:
        """End all connections; calls made afterwards are NotSent."""


class HttpGateway:
    """The gateway over a transport: headers, deadlines, lanes, circuit, interpretation.

    ``on_circuit_change`` may be set to hear of circuits that open and close, ``on_attempt`` to hear
    of every attempt: the agent's number, the attempt, the seconds it took.
    """

    def __init__(
        self,
        transport: Transport,
        egress: Egress,
        clock: Clock,
        identity: Identity,
        settings: CallbackSettings,
    ) -> None:
        self.on_circuit_change: Callable[[CircuitChange], None] | None = None
        self.on_attempt: Callable[[int, Attempt, float], None] | None = None
        self._transport = transport
        self._egress = egress
        self._clock = clock
        self._identity = identity
        self._settings = settings
        self._lines: dict[int, Line] = {}
        self._open: set[int] = set()

    async def send(self, agent: AgentView, call: Call) -> Attempt:
        """Make one attempt and say what it means; nothing that network or backend do raises."""
        now = self._clock.monotonic()
        attempt = await self._send(agent, call, now)
        if self.on_attempt is not None:
            self.on_attempt(agent.agent_id, attempt, self._clock.monotonic() - now)
        return attempt

    def is_open(self, agent_id: int) -> bool:
        """Tell whether the circuit is anything but closed."""
        return not self._line(agent_id).circuit.allows()

    def may_deliver(self, agent_id: int) -> bool:
        """Tell whether one more delivery may be started now."""
        return self.delivery_room(agent_id) > 0

    def delivery_room(self, agent_id: int) -> int:
        """Return how many deliveries may be started now; with an open circuit only a probe."""
        line = self._line(agent_id)
        now = self._clock.monotonic()
        room = line.bulkhead.delivery_room(now)
        if line.circuit.allows():
            return room
        return min(room, int(line.circuit.is_probe_due(now)))

    def probe_wanted(self, agent_id: int, now: float | None = None) -> bool:
        """Tell whether the open circuit waits for a probe."""
        moment = self._clock.monotonic() if now is None else now
        return self._line(agent_id).circuit.is_probe_due(moment)

    def probes_wanted(self) -> tuple[int, ...]:
        """Name the agents whose open circuit waits for a probe."""
        now = self._clock.monotonic()
        return tuple(
            agent_id for agent_id in self._open if self._line(agent_id).circuit.is_probe_due(now)
        )

    def circuit_state(self, agent_id: int) -> CircuitState:
        """Return where the agent's circuit stands, for pages and metrics."""
        return self._line(agent_id).circuit.state(self._clock.monotonic())

    def open_circuits(self) -> tuple[CircuitChange, ...]:
        """Name the circuits that are not closed, each with its reason, for metrics and alerts."""
        found = []
        for agent_id in sorted(self._open):
            circuit = self._line(agent_id).circuit
            found.append(
                CircuitChange(
                    agent_id=agent_id,
                    state=CircuitState.OPEN,
                    reason=circuit.reason or "",
                    is_alarming=circuit.is_alarming,
                )
            )
        return tuple(found)

    def in_flight(self) -> int:
        """Count the callbacks under way, to all backends together."""
        return sum(line.bulkhead.in_flight for line in self._lines.values())

    async def close(self) -> None:
        """End all connections; calls made afterwards are NotSent."""
        await self._transport.close()

    async def _send(self, agent: AgentView, call: Call, now: float) -> Attempt:
        line = self._line(agent.agent_id)
        try:
            prepared = line.prepared_for(agent, self._egress)
        except BadTarget as bad:
            return self._held_back(call, bad.reason)
        admission = line.admit(agent, call, now)
        if isinstance(admission, Refusal):
            return self._held_back(call, admission.reason)
        verdict = Verdict.NOTHING
        waiting = WAITING.get()
        if waiting is not None:
            waiting.begin(now)
        try:
            attempt = await self._attempt(prepared, agent, call, now)
            verdict = judge(attempt)
        finally:
            ended = self._clock.monotonic()
            if waiting is not None:
                waiting.end(ended)
            change = line.conclude(call, admission, verdict, ended)
            if change is not None:
                self._note(change)
        return attempt

    def _note(self, change: CircuitChange) -> None:
        if change.state is CircuitState.CLOSED:
            self._open.discard(change.agent_id)
        else:
            self._open.add(change.agent_id)
        if self.on_circuit_change is not None:
            self.on_circuit_change(change)

    def _line(self, agent_id: int) -> Line:
        line = self._lines.get(agent_id)
        if line is None:
            line = Line(agent_id, self._settings, self._identity.uniform)
            self._lines[agent_id] = line
        return line

    async def _attempt(
        self, prepared: PreparedAgent, agent: AgentView, call: Call, now: float
    ) -> Attempt:
        started_at_ms = self._clock.now_ms()
        timestamp_seconds = started_at_ms // 1000
        began = now if call.started_at is None else call.started_at
        deadline = began + self._settings.deadline_seconds[call.command]
        body = envelope(call, timestamp_seconds)
        reading = _Reading(agent, call)
        deadline_ms = started_at_ms + round((deadline - now) * 1000)
        trace = traceparent_of(call, self._identity)
        exchange = Exchange(
            agent_id=agent.agent_id,
            target=prepared.target,
            headers=prepared.headers(call, body, timestamp_seconds, deadline_ms, trace),
            body=body,
            deadline=deadline,
            first_byte_before=self._first_byte_before(call, began),
            is_clean=reading.is_clean,
        )
        exchanged = await self._transport.send(exchange)
        reply = None if exchanged.reply is None else _without_secrets(reading.of(exchanged.reply))
        return Attempt(
            command=call.command,
            attempt=call.attempt,
            outcome=_outcome(call.command, exchanged, reply),
            phase=exchanged.phase,
            started_at_ms=started_at_ms,
            duration_ms=exchanged.duration_ms,
            result=None if reply is None else reply.result,
            http_status=None if exchanged.reply is None else exchanged.reply.status,
            request_bytes=exchanged.request_bytes,
            reply_bytes=prepared.masked(exchanged.reply_bytes),
            notes=exchanged.notes if reply is None else exchanged.notes + reply.notes,
            faults=() if reply is None else reply.faults,
            reply=reply,
            peer_address=exchanged.peer_address,
        )

    def _first_byte_before(self, call: Call, began: float) -> float | None:
        if call.first_byte_within is not None:
            return began + call.first_byte_within
        if call.command is Command.BET:
            return began + self._settings.bet_first_byte_seconds
        return None

    def _held_back(self, call: Call, reason: str) -> Attempt:
        return Attempt(
            command=call.command,
            attempt=call.attempt,
            outcome=NotSent(reason=reason, counted=False),
            phase=Phase.BEFORE_SEND,
            started_at_ms=self._clock.now_ms(),
        )


class _Reading:
    """Reads the reply once, for the transport (is the connection still good?) and for us."""

    __slots__ = ("_question", "_reply")

    def __init__(self, agent: AgentView, call: Call) -> None:
        self._question = Question(
            command=call.command,
            revision=call.revision,
            account=call.account,
            exponent=agent.currency.exponent,
            overdraft_allowed=agent.overdraft_allowed,
        )
        self._reply: Reply | None = None

    def of(self, http_reply: HttpReply) -> Reply:
        if self._reply is None:
            self._reply = read_reply(self._question, http_reply)
        return self._reply

    def is_clean(self, http_reply: HttpReply) -> bool:
        """Tell whether the connection may be kept: a definite answer without a fault came over it.

        A 41 to a bet is well-formed and not definite: it may be an earlier request's answer.
        """
        reply = self.of(http_reply)
        outcome = interpret(self._question.command, reply)
        return not isinstance(outcome, Unknown) and not reply.faults


def _without_secrets(reply: Reply) -> Reply:
    """Mask the sentences about a reply: they quote what it says, and are kept and shown."""
    malformed = None if reply.malformed is None else masked_text(reply.malformed)
    notes = tuple(masked_text(each) for each in reply.notes)
    faults = tuple(masked_text(each) for each in reply.faults)
    if (malformed, notes, faults) == (reply.malformed, reply.notes, reply.faults):
        return reply
    return replace(reply, malformed=malformed, notes=notes, faults=faults)


def _outcome(command: Command, exchanged: Exchanged, reply: Reply | None) -> Outcome:
    if reply is not None:
        return interpret(command, reply)
    fault = exchanged.fault or "no reply"
    if exchanged.phase is Phase.BEFORE_SEND:
        return NotSent(reason=fault, counted=not exchanged.held_back)
    return Unknown(reason=fault)
