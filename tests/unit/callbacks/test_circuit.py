"""The circuit over a timetable of calls (contract 3.4, reliability 3.8)."""

from __future__ import annotations

from itertools import pairwise

import pytest

from meganodes.callbacks.circuit import PROBE_UNANSWERED_SECONDS, Circuit, CircuitState
from meganodes.callbacks.settings import CircuitSettings


def longest(least: float, most: float) -> float:
    """A jitter that always draws the longest time."""
    del least
    return most


def circuit(**changes: float) -> Circuit:
    return Circuit(CircuitSettings(**changes), longest)  # type: ignore[arg-type]


def opened_circuit(now: float = 0.0) -> Circuit:
    opened = circuit()
    for _ in range(10):
        opened.record(now, alive=False)
    assert not opened.allows()
    return opened


def fail_probe(probed: Circuit, now: float) -> None:
    assert probed.begin_probe(now)
    assert not probed.end_probe(alive=False)


def test_circuit_starts_closed_and_stays_so_while_calls_succeed() -> None:
    healthy = circuit()
    for moment in range(100):
        assert not healthy.record(moment, alive=True)
    assert healthy.allows()
    assert healthy.state(100) is CircuitState.CLOSED
    assert healthy.reason is None
    assert not healthy.is_probe_due(100)
    assert not healthy.begin_probe(100)


def test_ten_failures_in_a_row_open_it_however_far_apart() -> None:
    failing = circuit()
    for call in range(9):
        assert not failing.record(call * 100.0, alive=False)
    assert failing.record(900.0, alive=False)
    assert not failing.allows()
    assert failing.reason == "10 calls in a row failed"
    assert not failing.is_alarming


def test_one_success_breaks_a_row() -> None:
    mixed = circuit()
    for call in range(9):
        mixed.record(call * 100.0, alive=False)
    mixed.record(901.0, alive=True)
    for call in range(10, 19):
        assert not mixed.record(call * 100.0, alive=False)
    assert mixed.allows()


@pytest.mark.parametrize(("failures", "opens"), [(7, True), (6, False)])
def test_seventy_percent_of_ten_calls_in_thirty_seconds_open_it(
    failures: int, *, opens: bool
) -> None:
    mixed = circuit()
    for call in range(10 - failures):
        mixed.record(call, alive=True)
    changes = [mixed.record(10 + call, alive=False) for call in range(failures)]
    assert changes[-1] is opens
    assert mixed.allows() is not opens
    if opens:
        assert mixed.reason == "7 of 10 calls failed within 30 s"


def test_nine_calls_say_nothing() -> None:
    mixed = circuit()
    mixed.record(0, alive=True)
    for call in range(8):
        assert not mixed.record(call, alive=False)
    assert mixed.allows()


def test_calls_older_than_the_window_do_not_count() -> None:
    mixed = circuit()
    for _ in range(20):
        mixed.record(0.0, alive=True)
    for call in range(9):
        mixed.record(20.0 + call, alive=False)
    assert mixed.allows(), "9 of 29 are not enough"
    mixed.record(29.0, alive=True)
    assert mixed.record(30.5, alive=False), "10 of 11: the successes of the start are gone"


def test_old_failures_are_forgotten_too() -> None:
    mixed = circuit()
    for call in range(6):
        mixed.record(0.1 * call, alive=False)
    mixed.record(1.0, alive=True)
    for call in range(3):
        assert not mixed.record(40.0 + call, alive=False)
    assert mixed.allows()


def test_window_counts_many_calls_in_one_second() -> None:
    busy = circuit()
    for call in range(1_000):
        busy.record(5.0 + call / 2_000, alive=call % 10 == 0)
    assert not busy.allows()


@pytest.mark.rule("3.4-circuit-refuses-bets")
def test_open_circuit_allows_no_call_until_a_probe_is_due() -> None:
    opened = opened_circuit(now=100.0)
    assert opened.state(100.0) is CircuitState.OPEN
    assert not opened.is_probe_due(103.9)
    assert not opened.begin_probe(103.9)
    assert opened.is_probe_due(104.0)
    assert opened.state(104.0) is CircuitState.HALF_OPEN
    assert not opened.allows(), "half-open lets a probe through and nothing else"


def test_only_one_probe_is_under_way() -> None:
    opened = opened_circuit()
    assert opened.begin_probe(4.0)
    assert opened.state(4.0) is CircuitState.HALF_OPEN
    assert not opened.begin_probe(4.0)
    assert not opened.is_probe_due(4.0 + PROBE_UNANSWERED_SECONDS - 0.1)


def test_probe_that_never_reports_back_gives_way() -> None:
    opened = opened_circuit()
    assert opened.begin_probe(4.0)
    assert opened.begin_probe(4.0 + PROBE_UNANSWERED_SECONDS)


def test_failed_probe_is_followed_by_the_next_after_two_to_four_seconds() -> None:
    opened = opened_circuit()
    fail_probe(opened, 4.0)
    assert opened.state(4.0) is CircuitState.OPEN
    assert not opened.is_probe_due(7.9)
    assert opened.is_probe_due(8.0)


def test_probe_that_took_its_whole_time_to_fail_is_followed_at_once() -> None:
    """Begin to begin: a silent backend that heals is not left waiting for two times as long."""
    opened = opened_circuit()
    assert opened.begin_probe(4.0)
    assert not opened.end_probe(alive=False)
    assert opened.is_probe_due(8.0)


def test_jitter_is_asked_for_two_to_four_seconds() -> None:
    asked = []

    def note(least: float, most: float) -> float:
        asked.append((least, most))
        return least

    opened = Circuit(CircuitSettings(), note)
    opened.record_token_wrong(0.0)
    fail_probe(opened, 2.0)
    assert asked == [(2.0, 4.0), (2.0, 4.0)]
    assert opened.is_probe_due(4.0)


def test_dead_backend_gets_at_most_one_call_in_two_seconds() -> None:
    opened = Circuit(CircuitSettings(), lambda least, most: least)  # noqa: ARG005 - the shortest
    opened.record_token_wrong(0.0)
    probes = [tenth / 10 for tenth in range(600) if _probe_fails_if_due(opened, tenth / 10)]
    assert len(probes) == 29
    assert all(later - earlier >= 1.99 for earlier, later in pairwise(probes))


def _probe_fails_if_due(opened: Circuit, now: float) -> bool:
    if not opened.begin_probe(now):
        return False
    opened.end_probe(alive=False)
    return True


@pytest.mark.rule("3.4-half-open-probe")
def test_five_successful_probes_two_seconds_apart_close_it() -> None:
    opened = opened_circuit()
    now = 4.0
    for _ in range(4):
        assert opened.begin_probe(now)
        assert not opened.end_probe(alive=True)
        assert opened.state(now) is CircuitState.HALF_OPEN
        assert not opened.allows()
        assert not opened.is_probe_due(now + 1.9)
        now += 2.0
    assert opened.begin_probe(now)
    assert opened.end_probe(alive=True), "the fifth success closes"
    assert opened.allows()
    assert opened.state(now) is CircuitState.CLOSED


def test_failure_between_probes_starts_the_count_again() -> None:
    opened = opened_circuit()
    now = 4.0
    for alive in (True, True, True, True, False, True, True, True, True):
        assert opened.begin_probe(now)
        assert not opened.end_probe(alive=alive)
        now += 4.0
    assert opened.begin_probe(now)
    assert opened.end_probe(alive=True)


def test_probe_that_says_nothing_keeps_the_count() -> None:
    opened = opened_circuit()
    now = 4.0
    for alive in (True, None, True, None, True, True):
        assert opened.begin_probe(now)
        assert not opened.end_probe(alive=alive)
        now += 4.0
    assert opened.begin_probe(now)
    assert opened.end_probe(alive=True)


def test_closed_circuit_has_forgotten_the_failures() -> None:
    opened = opened_circuit()
    now = 4.0
    for _ in range(5):
        opened.begin_probe(now)
        opened.end_probe(alive=True)
        now += 2.0
    for _ in range(9):
        assert not opened.record(now, alive=False)
    assert opened.allows()
    assert opened.record(now, alive=False)


def test_calls_under_way_when_it_opened_change_nothing() -> None:
    opened = opened_circuit()
    for _ in range(10):
        assert not opened.record(1.0, alive=True)
        assert not opened.record(1.0, alive=False)
    assert not opened.allows()
    assert opened.is_probe_due(4.0)


def test_late_end_of_a_probe_does_not_touch_a_closed_circuit() -> None:
    healthy = circuit()
    assert not healthy.end_probe(alive=False)
    assert healthy.allows()


def test_wrong_token_opens_at_once_with_an_alarm() -> None:
    refused = circuit()
    refused.record(0.0, alive=True)
    assert refused.record_token_wrong(1.0)
    assert not refused.allows()
    assert refused.is_alarming
    assert refused.reason is not None
    assert "Callback-Token" in refused.reason
    assert not refused.record_token_wrong(5.0), "it was open before"


def test_alarm_ends_when_the_token_is_taken_again() -> None:
    refused = circuit()
    refused.record_token_wrong(0.0)
    now = 4.0
    for _ in range(5):
        refused.begin_probe(now)
        refused.end_probe(alive=True)
        now += 2.0
    assert refused.allows()
    assert not refused.is_alarming
