"""The text of /metrics: every number under its name and labels, few series however many agents."""

from __future__ import annotations

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from meganodes.bootstrap.metrics_families import OTHER, HubCollector
from meganodes.bootstrap.metrics_families import Sources as MetricsSources
from meganodes.domain.transaction import State
from meganodes.hub.meters import BackendMeters, Meters
from meganodes.kit.clock import ManualClock
from meganodes.kit.metrics import Bounded
from tests.support.shown_metrics import (
    NOW_MS,
    a_hub,
    an_open_work,
    open_circuit,
    samples,
    some_sources,
)


def shown(sources: MetricsSources) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    registry = CollectorRegistry()
    registry.register(HubCollector(sources))
    return samples(generate_latest(registry).decode())


def test_numbers_stand_under_their_names_and_labels(tmp_path: Path) -> None:
    seen = shown(some_sources(tmp_path))
    expected = {
        ("meganodes_main_api_calls_total", (("code", "0"), ("path", "/v4/user/create"))): 3,
        ("meganodes_provider_calls_total", (("code", "2006"), ("command", "bet"))): 2,
        ("meganodes_alarms_total", (("alarm", "parked"),)): 1,
        (
            "meganodes_callbacks_total",
            (("agent", "acme"), ("command", "bet"), ("outcome", "accepted")),
        ): 1,
        ("meganodes_backend_seconds_bucket", (("agent", "acme"), ("le", "0.01"))): 0,
        ("meganodes_backend_seconds_bucket", (("agent", "acme"), ("le", "0.025"))): 1,
        ("meganodes_open_transactions", (("agent", "acme"), ("state", "owed"))): 1,
        ("meganodes_open_oldest_seconds", (("agent", "acme"), ("state", "owed"))): 60,
        ("meganodes_unplaced_entries", ()): 4,
        ("meganodes_reconciliation_differences", (("agent", "acme"),)): 2,
        ("meganodes_reconciliation_differences", (("agent", 'ball "o" fun'),)): 0,
        ("meganodes_reconciliation_unanswered", ()): 3,
        ("meganodes_reconciliation_day_timestamp_seconds", ()): NOW_MS / 1000,
        ("meganodes_seal_lag_seconds", ()): 150,
        ("meganodes_last_look_timestamp_seconds", ()): NOW_MS / 1000,
        ("meganodes_circuits_open", ()): 1,
        ("meganodes_circuit_open", (("agent", "acme"),)): 1,
        ("meganodes_journal_commit_seconds_count", ()): 1,
        ("meganodes_journal_commit_changes_sum", ()): 3,
        ("meganodes_journal_commits_failed_total", (("outcome", "unknown"),)): 0,
        ("meganodes_in_flight", (("kind", "callbacks"),)): 5,
        ("meganodes_alerts_firing", (("kind", "parked"),)): 1,
        ("meganodes_alert_messages_total", (("outcome", "delivered"),)): 2,
        ("meganodes_alert_messages_total", (("outcome", "failed"),)): 0,
        ("meganodes_clock_drift_seconds", ()): 0,
        ("meganodes_draining", ()): 0,
    }
    assert {name: seen[name] for name in expected} == expected


def test_agents_beyond_the_bound_share_one_name(tmp_path: Path) -> None:
    work = tuple(
        an_open_work(agent_id=agent_id, count=agent_id, oldest_at_ms=NOW_MS - agent_id * 1_000)
        for agent_id in (1, 2, 3, 4)
    )
    sources = some_sources(tmp_path)
    sight = sources.sight()
    assert sight is not None
    seen = shown(
        some_sources(
            tmp_path,
            sight=lambda: type(sight)(at_ms=NOW_MS, open_work=work),
            circuits=lambda: tuple(map(open_circuit, (1, 2, 3))),
        )
    )
    counts = {
        dict(labels)["agent"]: value
        for (name, labels), value in seen.items()
        if name == "meganodes_open_transactions"
    }
    assert counts == {"3": 3, "4": 4, OTHER: 3}, "those with the most open work keep their names"
    oldest = seen["meganodes_open_oldest_seconds", (("agent", OTHER), ("state", "owed"))]
    assert oldest == 2
    assert seen["meganodes_circuits_open", ()] == 3
    assert sum(name == "meganodes_circuit_open" for name, _ in seen) == 2


def test_states_of_one_agent_are_kept_apart(tmp_path: Path) -> None:
    sight = some_sources(tmp_path).sight()
    assert sight is not None
    work = (an_open_work(), an_open_work(state=State.PARKED, count=2))
    seen = shown(some_sources(tmp_path, sight=lambda: type(sight)(at_ms=NOW_MS, open_work=work)))
    assert seen["meganodes_open_transactions", (("agent", "acme"), ("state", "parked"))] == 2


def test_a_name_with_quotes_does_not_break_the_text(tmp_path: Path) -> None:
    seen = shown(some_sources(tmp_path, circuits=lambda: (open_circuit(2),)))
    assert seen["meganodes_circuit_open", (("agent", 'ball "o" fun'),)] == 1


def test_before_the_first_look_nothing_is_claimed(tmp_path: Path) -> None:
    seen = shown(some_sources(tmp_path, sight=lambda: None))
    assert not any(name == "meganodes_open_transactions" for name, _ in seen)
    assert seen["meganodes_last_look_timestamp_seconds", ()] == 0


def test_ten_thousand_agents_make_no_more_text_than_the_bound_allows(tmp_path: Path) -> None:
    meters = Meters(backends=Bounded(50, BackendMeters))
    for agent_id in range(10_000):
        backend = meters.backends.of(agent_id)
        backend.attempts["bet", "accepted"] += 1
        backend.seconds.observe(0.01)
    sources = some_sources(tmp_path, hub=a_hub(meters, ManualClock()))
    seen = shown(sources)
    assert len(seen) < 2_000
    attempts = [value for (name, _), value in seen.items() if name == "meganodes_callbacks_total"]
    assert sum(attempts) == 10_000


@pytest.mark.reliability("2.6-database-clock-jump")
def test_a_clock_that_was_set_is_seen(tmp_path: Path) -> None:
    wall = ManualClock()
    wall.jump_wall(-90)
    seen = shown(some_sources(tmp_path, wall=wall))
    assert seen["meganodes_clock_drift_seconds", ()] == -90
