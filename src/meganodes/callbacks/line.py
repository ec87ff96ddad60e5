"""The way to one agent's backend as the hub remembers it: circuit, places, prepared request."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from meganodes.callbacks.bulkhead import Bulkhead, Lane
from meganodes.callbacks.calls import AgentView, Attempt, Call
from meganodes.callbacks.circuit import Circuit, CircuitState
from meganodes.callbacks.egress import Egress
from meganodes.callbacks.request import PreparedAgent
from meganodes.callbacks.settings import CallbackSettings
from meganodes.domain.outcome import NotSent
from meganodes.protocol.codes import ResultCode

Jitter = Callable[[float, float], float]


class Verdict(Enum):
    """What an attempt says about the backend, whatever it means for the money."""

    ALIVE = auto()
    DOWN = auto()
    TOKEN_WRONG = auto()
    NOTHING = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitChange:
    """An agent's circuit opened or closed. ``is_alarming``: the backend does not know our token."""

    agent_id: int
    state: CircuitState
    reason: str
    is_alarming: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """The hub holds the call back; the reason is a sentence."""

    reason: str


@dataclass(frozen=True, slots=True)
class Admission:
    """The call has its place and must give it back by `conclude`."""

    is_probe: bool


_ADMITTED = Admission(is_probe=False)
_ADMITTED_AS_PROBE = Admission(is_probe=True)


class Line:
    """The state of one agent's line. All moments are seconds of the monotonic clock."""

    __slots__ = ("_agent_id", "_prepared", "bulkhead", "circuit")

    def __init__(self, agent_id: int, settings: CallbackSettings, jitter: Jitter) -> None:
        self._agent_id = agent_id
        self._prepared: PreparedAgent | None = None
        self.bulkhead = Bulkhead(settings.bulkhead)
        self.circuit = Circuit(settings.circuit, jitter)

    def prepared_for(self, view: AgentView, egress: Egress) -> PreparedAgent:
        """Return the prepared request of the settings in force; BadTarget for a bad URL."""
        prepared = self._prepared
        if prepared is None or not prepared.is_for(view):
            prepared = self._prepared = PreparedAgent(view, egress)
        return prepared

    def admit(self, view: AgentView, call: Call, now: float) -> Admission | Refusal:
        """Give the call a place, as a probe when the circuit is open, or hold it back."""
        is_free = call.lane is Lane.TEST or call.ignore_circuit or self.circuit.allows()
        is_probe = not is_free and call.lane is Lane.DELIVERY and self.circuit.is_probe_due(now)
        if not is_free and not is_probe:
            return Refusal(f"the circuit is open: {self.circuit.reason}")
        refusal = self.bulkhead.enter(call.lane, now, view.in_flight_max)
        if refusal is not None:
            return Refusal(refusal)
        if is_probe:
            self.circuit.begin_probe(now)
            return _ADMITTED_AS_PROBE
        return _ADMITTED

    def conclude(
        self, call: Call, admission: Admission, verdict: Verdict, now: float
    ) -> CircuitChange | None:
        """Give the place back and let circuit and lane learn; a TEST call teaches nothing."""
        alive = None if verdict is Verdict.NOTHING else verdict is Verdict.ALIVE
        self.bulkhead.leave(call.lane, alive=alive)
        if call.lane is Lane.TEST:
            return None
        if verdict is Verdict.TOKEN_WRONG:
            return self._opened() if self.circuit.record_token_wrong(now) else None
        if admission.is_probe:
            return self._closed() if self.circuit.end_probe(alive=alive) else None
        if alive is not None and self.circuit.record(now, alive=alive):
            return self._opened()
        return None

    def _opened(self) -> CircuitChange:
        return CircuitChange(
            agent_id=self._agent_id,
            state=CircuitState.OPEN,
            reason=self.circuit.reason or "",
            is_alarming=self.circuit.is_alarming,
        )

    def _closed(self) -> CircuitChange:
        self.bulkhead.begin_anew()
        return CircuitChange(
            agent_id=self._agent_id, state=CircuitState.CLOSED, reason="the probes were answered"
        )


def judge(attempt: Attempt) -> Verdict:
    """Say what an attempt tells about the backend (contract 3.4).

    Any well-formed reply but 99 and 100 is a sign of life. What the hub held back says nothing.
    """
    if isinstance(attempt.outcome, NotSent):
        return Verdict.DOWN if attempt.outcome.counted else Verdict.NOTHING
    if attempt.reply is None or attempt.reply.malformed is not None:
        return Verdict.DOWN
    if attempt.result == ResultCode.TOKEN_WRONG:
        return Verdict.TOKEN_WRONG
    if attempt.result == ResultCode.INTERNAL_FAILURE:
        return Verdict.DOWN
    return Verdict.ALIVE
