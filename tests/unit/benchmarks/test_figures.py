"""Medians over the rounds, ratios inside each round, and the gate."""

from dataclasses import replace

import pytest

from benchmarks.figures import (
    HUB,
    HUB_ON_POSTGRESQL,
    PROXY,
    RATIO_LIMITS,
    SLOW_DIRECT,
    SLOW_HUB,
    AddedTime,
    Cost,
    Figures,
    Round,
    added_time,
    cost_at,
    figures_of,
    regressions,
)


def one_round(
    program: str,
    cpu_us: float,
    *,
    connections: int = 64,
    p50_us: float = 0,
    p99_us: float = 0,
) -> Round:
    return Round(
        program=program,
        connections=connections,
        requests=1_000,
        seconds=2.0,
        cpu_seconds=cpu_us * 1_000 / 1e6,
        p50_us=p50_us,
        p99_us=p99_us,
    )


def cost(connections: int, ratio: float) -> Cost:
    return Cost(
        connections=connections,
        proxy_us=20,
        hub_us=20 * ratio,
        ratio=ratio,
        ratio_least=ratio,
        ratio_most=ratio,
        proxy_per_second=0,
        hub_per_second=0,
        hub_p50_us=0,
        hub_p99_us=0,
    )


def added(p50_ms: float, p99_ms: float) -> AddedTime:
    return AddedTime(connections=64, p50_ms=p50_ms, p99_ms=p99_ms)


def test_round_knows_its_cost_and_its_speed() -> None:
    seen = one_round(HUB, 80)
    assert seen.cpu_us == pytest.approx(80)
    assert seen.per_second == pytest.approx(500)


def test_ratio_is_the_median_of_the_ratios_of_rounds_that_ran_side_by_side() -> None:
    # The machine was three times slower in the second round: the ratio there is still 4.
    proxy, hub = (20, 60, 20), (60, 240, 100)
    rounds = [
        one_round(program, us)
        for pair in zip(proxy, hub, strict=True)
        for program, us in zip((PROXY, HUB), pair, strict=True)
    ]
    figures = cost_at(64, [*rounds, one_round(PROXY, 999, connections=8)])
    assert figures.ratio == pytest.approx(4)
    assert figures.ratio_least == pytest.approx(3)
    assert figures.ratio_most == pytest.approx(5)
    assert figures.proxy_us == pytest.approx(20)
    assert figures.hub_us == pytest.approx(100)


def test_a_program_that_missed_a_round_is_a_defect() -> None:
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        cost_at(64, [one_round(PROXY, 20), one_round(HUB, 60), one_round(PROXY, 20)])


def test_added_time_leaves_the_backends_own_median_out() -> None:
    rounds = [
        one_round(SLOW_DIRECT, 1, p50_us=21_000, p99_us=29_000),
        one_round(SLOW_HUB, 1, p50_us=23_500, p99_us=31_000),
    ]
    assert added_time(rounds) == AddedTime(connections=64, p50_ms=2.5, p99_ms=10)


def test_figures_hold_each_number_of_connections_once_in_the_order_measured() -> None:
    rounds = [
        one_round(program, us, connections=connections)
        for connections in (64, 1)
        for _ in range(2)
        for program, us in ((PROXY, 20), (HUB, 80))
    ]
    rounds += [one_round(SLOW_DIRECT, 1), one_round(SLOW_HUB, 1)]
    assert [each.connections for each in figures_of(rounds).costs] == [64, 1]


def test_a_hub_on_postgresql_is_told_beside_the_other_and_its_server_apart() -> None:
    rounds = [
        replace(one_round(program, us), database_cpu_seconds=server_us * 1_000 / 1e6)
        for times in (1, 2, 1)
        for program, us, server_us in (
            (PROXY, 20 * times, 0),
            (HUB, 80 * times, 0),
            (HUB_ON_POSTGRESQL, 100 * times, 40 * times),
        )
    ]
    figures = figures_of([*rounds, one_round(SLOW_DIRECT, 1), one_round(SLOW_HUB, 1)])
    ((here,), (there,)) = figures.costs, figures.on_postgresql
    assert here.ratio == pytest.approx(4)
    assert here.database_us == 0
    assert there.ratio == pytest.approx(5)
    assert there.hub_us == pytest.approx(100), "the server's CPU is no part of the hub's"
    assert there.database_us == pytest.approx(40)


def test_what_is_at_its_gate_passes() -> None:
    costs = tuple(cost(connections, limit.gate) for connections, limit in RATIO_LIMITS.items())
    assert regressions(Figures(costs=costs, added=added(6, 30))) == []


def test_each_limit_that_is_passed_is_named() -> None:
    costs = (cost(64, 6.1), cost(8, 9.1), cost(1, 12.1), cost(1_000, 99))
    assert regressions(Figures(costs=costs, added=added(6.1, 30.1))) == [
        "CPU per bet at 64 connections, times the proxy's: 6.10 is above the gate of 6",
        "CPU per bet at 8 connections, times the proxy's: 9.10 is above the gate of 9",
        "CPU per bet at 1 connections, times the proxy's: 12.10 is above the gate of 12",
        "p50 added to a call of 20 ms, in ms: 6.10 is above the gate of 6",
        "p99 added to a call of 20 ms, in ms: 30.10 is above the gate of 30",
    ]
