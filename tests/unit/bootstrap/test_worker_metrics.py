"""Several workers look like one hub to Prometheus, and no counter ever goes back."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric

from meganodes.bootstrap.worker_metrics import Family, GroupMetrics, Shown, families_of
from tests.support.shown_metrics import samples

BETS = ("meganodes_bets_total", (("code", "0"),))


def counted(number: float, code: str = "0") -> list[Family]:
    family = CounterMetricFamily("meganodes_bets", "Bets.", labels=["code"])
    family.add_metric([code], number)
    return families_of([family])


def gauge(name: str, value: float) -> list[Family]:
    return families_of([GaugeMetricFamily(name, "Something.", value=value)])


def histogram(counts: tuple[int, int], total: float) -> list[Family]:
    family = HistogramMetricFamily("meganodes_seconds", "Seconds.", labels=["door"])
    family.add_metric(["x"], [("1", counts[0]), ("+Inf", counts[1])], total)
    return families_of([family])


def shown(
    group: GroupMetrics, seats: dict[int, int]
) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    """Read what all together say, as Prometheus does."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Shown(group.families(seats)))
    return samples(generate_latest(registry).decode())


def test_counters_of_all_workers_are_added_up_series_by_series() -> None:
    group = GroupMetrics()
    group.take(1, counted(3))
    group.take(2, counted(4))
    group.take(3, counted(5, code="3004"))
    found = shown(group, {1: 0, 2: 1, 3: 2})
    assert found == {BETS: 7, ("meganodes_bets_total", (("code", "3004"),)): 5}


def test_histograms_are_added_up_bucket_by_bucket() -> None:
    group = GroupMetrics()
    group.take(1, histogram((1, 2), 3.5))
    group.take(2, histogram((4, 4), 1.25))
    door = ("door", "x")
    assert shown(group, {1: 0, 2: 1}) == {
        ("meganodes_seconds_bucket", (door, ("le", "1"))): 5,
        ("meganodes_seconds_bucket", (door, ("le", "+Inf"))): 6,
        ("meganodes_seconds_count", (door,)): 6,
        ("meganodes_seconds_sum", (door,)): 4.75,
    }


def test_what_a_worker_counted_stays_when_it_is_gone() -> None:
    group = GroupMetrics()
    group.take(1, counted(3))
    group.take(2, counted(4))
    group.end(1)
    assert shown(group, {2: 1})[BETS] == 7
    group.take(3, counted(1))
    assert shown(group, {2: 1, 3: 0})[BETS] == 8
    group.end(2)
    group.end(3)
    assert shown(group, {})[BETS] == 8


def test_a_series_that_a_worker_drops_or_begins_anew_does_not_go_back() -> None:
    group = GroupMetrics()
    group.take(1, counted(3))
    group.take(1, counted(9, code="1"))
    assert shown(group, {1: 0})[BETS] == 3
    group.take(1, counted(2))
    group.take(1, counted(1))
    assert shown(group, {1: 0})[BETS] == 3 + 2 + 1
    group.take(1, counted(6))
    assert shown(group, {1: 0})[BETS] == 3 + 2 + 6


def test_of_what_all_workers_see_the_highest_is_shown() -> None:
    group = GroupMetrics()
    group.take(1, gauge("meganodes_open_rounds", 2))
    group.take(2, gauge("meganodes_open_rounds", 3))
    assert shown(group, {1: 0, 2: 1}) == {("meganodes_open_rounds", ()): 3}


def test_other_gauges_say_whose_they_are_and_those_who_leave_have_none() -> None:
    group = GroupMetrics()
    group.take(1, gauge("process_resident_memory_bytes", 10))
    group.take(2, gauge("process_resident_memory_bytes", 20))
    group.take(3, gauge("process_resident_memory_bytes", 30))
    name = "process_resident_memory_bytes"
    assert shown(group, {2: 0, 3: 1}) == {
        (name, (("worker", "0"),)): 20,
        (name, (("worker", "1"),)): 30,
    }


def test_work_under_way_is_added_up_of_those_too_who_leave() -> None:
    group = GroupMetrics()
    group.take(1, gauge("meganodes_in_flight", 1))
    group.take(2, gauge("meganodes_in_flight", 2))
    assert shown(group, {2: 0}) == {("meganodes_in_flight", ()): 3}


def test_a_gauge_that_nobody_thought_of_is_shown_for_each_worker() -> None:
    group = GroupMetrics()
    group.take(1, gauge("meganodes_never_heard_of", 1))
    group.take(2, gauge("meganodes_never_heard_of", 1))
    assert len(shown(group, {1: 0, 2: 1})) == 2


def test_a_copy_of_a_registry_says_the_same() -> None:
    metric = Metric("meganodes_build", "What is running.", "info")
    metric.add_sample("meganodes_build_info", {"version": "1", "python": "3"}, 1)
    (family,) = families_of([metric])
    (again,) = Shown([family]).collect()
    assert again == metric
