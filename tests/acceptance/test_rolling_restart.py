"""A rolling restart fails no call: of the workers of one node, and of nodes behind a balancer."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

from tests.support.balancer import Balancer, a_balancer
from tests.support.evening import HURRIED, Evening, EveningOptions, an_evening
from tests.support.listener import eventually
from tests.support.postgres import dsn_of, postgres_database
from tests.support.steady_players import SteadyPlayers, steady_players

PATIENCE_SECONDS = 120.0
PLAYERS = 3
A, B = "hub", "hub-b"
PATIENT = {
    **HURRIED,
    # A caller of this machine that gets no processor for a while must not look like an idle one.
    "MEGANODES_SERVER__LINGER_SECONDS": "10",
    "MEGANODES_LEASES__BET_MS": "20000",
}
NOTICED = {**PATIENT, "MEGANODES_SERVER__NOTICE_SECONDS": "3"}


def logged(evening: Evening, event: str) -> list[dict[str, object]]:
    """What the first node has written with this name."""
    lines = (evening.folder / "hub.log").read_text().splitlines()
    return [line for text in lines if (line := as_line(text)).get("event") == event]


def as_line(text: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(text) if text.startswith("{") else {}
    return found


async def wire_is_clean(evening: Evening, accepted: list[str]) -> None:
    """Every accepted bet went out once, and the three records agree."""
    arrived = await evening.casino("/arrivals?command=bet")
    assert set(arrived.values()) == {1}
    assert len(arrived) == len(accepted)


async def test_workers_are_replaced_one_by_one_and_no_call_fails(tmp_path: Path) -> None:
    with postgres_database() as url:
        settings = {**PATIENT, "MEGANODES_SERVER__WORKERS": "2"}
        options = EveningOptions(database_url=dsn_of(url), settings=settings)
        async with an_evening(tmp_path, options) as evening:
            assert evening.hub is not None
            async with steady_players(evening, evening.ports["hub"], PLAYERS) as players:
                await players.more(20)
                before = {line["pid"] for line in logged(evening, "worker_ready")}
                assert len(before) == 2
                os.kill(evening.hub.pid, signal.SIGHUP)
                await eventually(lambda: logged(evening, "renewal_ended"), PATIENCE_SECONDS)
                await players.more(20)
            assert players.failed == []
            assert players.connections > PLAYERS, "the old workers had callers, and let them go"
            ready = [line["pid"] for line in logged(evening, "worker_ready")]
            assert len(set(ready)) == len(ready) == 4, "each was replaced once"
            await wire_is_clean(evening, players.accepted)
            assert await evening.stop_hub() == 0


async def test_nodes_behind_a_balancer_are_restarted_in_turn_and_no_call_fails(
    tmp_path: Path,
) -> None:
    with postgres_database() as url:
        options = EveningOptions(database_url=dsn_of(url), settings=NOTICED, nodes=(A, B))
        async with an_evening(tmp_path, options) as evening:
            balancer, players = await play_through_restarts(evening)
            assert players.failed == []
            assert balancer.unanswered == 0
            assert len(balancer.sent) == 2
            await wire_is_clean(evening, players.accepted)


async def play_through_restarts(evening: Evening) -> tuple[Balancer, SteadyPlayers]:
    ports = [evening.ports[node] for node in (A, B)]
    async with (
        a_balancer(ports) as (balancer, port),
        steady_players(evening, port, PLAYERS) as players,
    ):
        await players.more(20)
        for node in (A, B):
            await restart(evening, balancer, node)
            await players.more(20)
    return balancer, players


async def restart(evening: Evening, balancer: Balancer, node: str) -> None:
    """Restart a node as the page about deploying says; the balancer must notice by itself."""
    port, everybody = evening.ports[node], set(balancer.ready)
    stopping = asyncio.create_task(evening.stop_hub(node))
    await balancer.until(everybody - {port})
    assert not stopping.done(), "readiness says no while calls are still answered"
    assert await stopping == 0
    await evening.start_hub(node)
    await balancer.until(everybody)
