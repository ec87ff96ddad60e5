"""What an attempt teaches the hub about a backend, and who may go out next (contract 3.4)."""

from __future__ import annotations

import pytest

from meganodes.callbacks.bulkhead import Lane
from meganodes.callbacks.calls import Attempt, Call
from meganodes.callbacks.circuit import CircuitState
from meganodes.callbacks.egress import Egress, EgressRules
from meganodes.callbacks.line import Admission, CircuitChange, Line, Refusal, Verdict, judge
from meganodes.callbacks.settings import CallbackSettings
from meganodes.domain.outcome import Accepted, NotSent, Outcome, Phase, Refused, Unknown
from meganodes.protocol.commands import Command
from meganodes.protocol.replies import Reply
from tests.support.callback_urls import NameService
from tests.support.calls import a_call, a_view

VIEW = a_view()
PLAY = a_call(Command.BET)
OWED = a_call(Command.WIN, lane=Lane.DELIVERY)
TRIED = a_call(Command.AUTHENTICATE, lane=Lane.TEST)


def shortest(least: float, most: float) -> float:
    del most
    return least


@pytest.fixture
def line() -> Line:
    return Line(1, CallbackSettings(), shortest)


def conclude(line: Line, call: Call, verdict: Verdict, now: float = 0.0) -> CircuitChange | None:
    admission = line.admit(VIEW, call, now)
    assert isinstance(admission, Admission)
    return line.conclude(call, admission, verdict, now)


def open_circuit(line: Line) -> None:
    changes = [conclude(line, PLAY, Verdict.DOWN) for _ in range(10)]
    assert changes[:9] == [None] * 9
    assert changes[9] == CircuitChange(
        agent_id=1, state=CircuitState.OPEN, reason="10 calls in a row failed"
    )


@pytest.mark.rule("3.4-circuit-refuses-bets")
def test_open_circuit_refuses_bets_at_once_and_lets_one_delivery_probe(line: Line) -> None:
    open_circuit(line)
    for now in (0.0, 2.0):
        assert line.admit(VIEW, PLAY, now) == Refusal(
            "the circuit is open: 10 calls in a row failed"
        )
    assert isinstance(line.admit(VIEW, OWED, 1.9), Refusal)
    assert line.admit(VIEW, OWED, 2.0) == Admission(is_probe=True)
    assert isinstance(line.admit(VIEW, OWED, 2.0), Refusal), "one probe at a time"


@pytest.mark.rule("3.4-half-open-probe")
def test_probes_close_the_circuit_and_deliveries_begin_with_four(line: Line) -> None:
    open_circuit(line)
    changes = [conclude(line, OWED, Verdict.ALIVE, 2.0 + 2 * n) for n in range(5)]
    assert changes[:4] == [None] * 4
    assert changes[4] == CircuitChange(
        agent_id=1, state=CircuitState.CLOSED, reason="the probes were answered"
    )
    assert line.admit(VIEW, PLAY, 10.0) == Admission(is_probe=False)
    assert line.bulkhead.delivery_room(11.0) == 4


def test_probe_that_said_nothing_is_repeated_later(line: Line) -> None:
    open_circuit(line)
    assert conclude(line, OWED, Verdict.NOTHING, 2.0) is None
    assert isinstance(line.admit(VIEW, OWED, 3.9), Refusal)
    assert line.admit(VIEW, OWED, 4.0) == Admission(is_probe=True)


def test_failed_probe_keeps_it_open_without_a_second_alarm(line: Line) -> None:
    open_circuit(line)
    assert conclude(line, OWED, Verdict.DOWN, 2.0) is None
    assert conclude(line, OWED, Verdict.TOKEN_WRONG, 4.0) is None
    assert not line.circuit.allows()


def test_wrong_token_opens_with_an_alarm(line: Line) -> None:
    change = conclude(line, PLAY, Verdict.TOKEN_WRONG)
    assert change is not None
    assert change.is_alarming
    assert isinstance(line.admit(VIEW, PLAY, 0.0), Refusal)


@pytest.mark.rule("3.4-tests-do-not-count")
def test_tests_pass_an_open_circuit_and_never_count(line: Line) -> None:
    for verdict in (Verdict.DOWN, Verdict.TOKEN_WRONG):
        for _ in range(20):
            assert conclude(line, TRIED, verdict) is None
    assert line.circuit.allows()
    open_circuit(line)
    for _ in range(20):
        assert conclude(line, TRIED, Verdict.ALIVE, 2.0) is None
    assert not line.circuit.allows()


def test_call_may_ignore_the_circuit_and_does_not_close_it(line: Line) -> None:
    open_circuit(line)
    forced = a_call(Command.STATUS, ignore_circuit=True)
    for _ in range(20):
        assert conclude(line, forced, Verdict.ALIVE, 2.0) is None
    assert not line.circuit.allows()


def test_what_says_nothing_is_not_counted(line: Line) -> None:
    for _ in range(30):
        assert conclude(line, PLAY, Verdict.NOTHING) is None
    assert line.circuit.allows()


def test_full_bulkhead_refuses_without_taking_the_probe(line: Line) -> None:
    for _ in range(4):
        line.admit(VIEW, TRIED, 0.0)
    assert isinstance(line.admit(VIEW, TRIED, 0.0), Refusal)
    small = a_view(in_flight_max=0)
    assert line.admit(small, PLAY, 0.0) == Refusal(
        "too many callbacks of the play lane are under way"
    )


def test_place_is_given_back_whatever_came(line: Line) -> None:
    for verdict in Verdict:
        for _ in range(65):
            conclude(line, a_call(Command.STATUS, ignore_circuit=True), verdict)


def test_prepared_request_is_made_once_for_the_same_settings(line: Line) -> None:
    egress = Egress(EgressRules(), NameService())
    first = line.prepared_for(VIEW, egress)
    assert line.prepared_for(a_view(), egress) is first
    changed = a_view(callback_url="https://both.example/callback")
    assert line.prepared_for(changed, egress).target.host == "both.example"
    assert line.prepared_for(VIEW, egress) is not first


def attempt(outcome: Outcome, reply: Reply | None = None) -> Attempt:
    return Attempt(
        command=Command.BET,
        attempt=1,
        outcome=outcome,
        phase=Phase.COMPLETE,
        started_at_ms=0,
        result=None if reply is None else reply.result,
        reply=reply,
    )


@pytest.mark.rule("3.4-probe-alive")
@pytest.mark.parametrize(
    ("brought", "verdict"),
    [
        (attempt(Accepted(balance_minor=1), Reply(result=0, balance_minor=1)), Verdict.ALIVE),
        (attempt(Refused(result=31), Reply(result=31)), Verdict.ALIVE),
        (attempt(Refused(result=21), Reply(result=21)), Verdict.ALIVE),
        (attempt(Unknown(reason="41", result=41), Reply(result=41)), Verdict.ALIVE),
        (attempt(Unknown(reason="99", result=99), Reply(result=99)), Verdict.DOWN),
        (attempt(Refused(result=100), Reply(result=100)), Verdict.TOKEN_WRONG),
        (attempt(Unknown(reason="x"), Reply(result=0, malformed="x")), Verdict.DOWN),
        (attempt(Unknown(reason="x"), Reply(result=100, malformed="x")), Verdict.DOWN),
        (attempt(Unknown(reason="nothing complete at the deadline")), Verdict.DOWN),
        (attempt(NotSent(reason="refused", counted=True)), Verdict.DOWN),
        (attempt(NotSent(reason="open", counted=False)), Verdict.NOTHING),
    ],
)
def test_any_well_formed_reply_but_99_and_100_is_a_sign_of_life(
    brought: Attempt, verdict: Verdict
) -> None:
    assert judge(brought) is verdict
