"""Who may read /metrics: this machine and named networks, judged on the real peer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from meganodes.bootstrap.metrics_page import REBALANCE_SECONDS, MetricsAccess, MetricsPage
from meganodes.kit.addresses import read_networks
from tests.support.shown_metrics import samples, some_sources

BEHIND = MetricsAccess(
    allow=read_networks(("10.1.0.0/16", "2001:db8::/32")),
    trusted_proxies=read_networks(("192.0.2.7", "127.0.0.1")),
)
ALONE = MetricsAccess()


async def status(
    folder: Path, access: MetricsAccess, peer: str, headers: Mapping[str, str] | None = None
) -> int:
    page = MetricsPage(sources=some_sources(folder), access=access)
    transport = httpx2.ASGITransport(app=Starlette(routes=page.routes()), client=(peer, 4711))
    async with httpx2.AsyncClient(transport=transport, base_url="http://hub") as client:
        answer = await client.get("/metrics", headers=headers)
    return answer.status_code


@pytest.mark.parametrize(
    ("access", "peer", "headers", "expected"),
    [
        (ALONE, "127.0.0.1", {}, 200),
        (ALONE, "::1", {}, 200),
        (ALONE, "::ffff:127.0.0.1", {}, 200),
        (ALONE, "10.1.2.3", {}, 404),
        (ALONE, "", {}, 404),
        # A proxy on this machine that nobody has named: what comes through it is from anywhere.
        (ALONE, "127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 404),
        (ALONE, "127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, 404),
        (ALONE, "127.0.0.1", {"Forwarded": "for=203.0.113.9"}, 404),
        (ALONE, "127.0.0.1", {"Via": "1.1 proxy"}, 404),
        (ALONE, "127.0.0.1", {"X-Real-IP": "127.0.0.1"}, 404),
        # A stranger who says to be somebody else stays a stranger.
        (ALONE, "203.0.113.9", {"X-Forwarded-For": "127.0.0.1"}, 404),
        (BEHIND, "203.0.113.9", {"X-Forwarded-For": "10.1.0.1"}, 404),
        (BEHIND, "10.1.0.1", {}, 200),
        (BEHIND, "2001:db8::5", {}, 200),
        (BEHIND, "10.2.0.1", {}, 404),
        (BEHIND, "192.0.2.7", {"X-Forwarded-For": "10.1.0.1"}, 200),
        (BEHIND, "192.0.2.7", {"X-Forwarded-For": "10.1.0.1, 203.0.113.9"}, 404),
        (BEHIND, "192.0.2.7", {"X-Forwarded-For": "203.0.113.9"}, 404),
        (BEHIND, "192.0.2.7", {"X-Forwarded-For": "nonsense"}, 404),
        (BEHIND, "192.0.2.7", {}, 404),
        (BEHIND, "127.0.0.1", {}, 200),
    ],
)
async def test_the_real_peer_decides(
    tmp_path: Path, access: MetricsAccess, peer: str, headers: dict[str, str], expected: int
) -> None:
    assert await status(tmp_path, access, peer, headers) == expected


async def test_the_text_is_what_prometheus_reads_in_both_of_its_forms(tmp_path: Path) -> None:
    page = MetricsPage(sources=some_sources(tmp_path), access=ALONE)
    transport = httpx2.ASGITransport(
        app=Starlette(routes=page.routes()), client=("127.0.0.1", 4711)
    )
    async with httpx2.AsyncClient(transport=transport, base_url="http://hub") as client:
        plain = await client.get("/metrics")
        newer = await client.get(
            "/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"}
        )
    names = {name for name, _ in samples(plain.text)}
    assert {"meganodes_build_info", "process_cpu_seconds_total"} <= names
    assert plain.headers["content-type"].startswith("text/plain")
    assert newer.headers["content-type"].startswith("application/openmetrics-text")
    assert newer.text.rstrip().endswith("# EOF")


async def test_after_an_hour_busier_agents_get_names_of_their_own(tmp_path: Path) -> None:
    sources = some_sources(tmp_path)
    meters, clock = sources.hub.meters, sources.hub.clock
    page = MetricsPage(sources=sources, access=ALONE)
    transport = httpx2.ASGITransport(
        app=Starlette(routes=page.routes()), client=("127.0.0.1", 4711)
    )
    for agent_id in range(2, 60):
        meters.backends.of(agent_id)
    for _ in range(100):
        meters.backends.of(99)
    assert 99 not in meters.backends.own()
    async with httpx2.AsyncClient(transport=transport, base_url="http://hub") as client:
        await client.get("/metrics")
        assert 99 not in meters.backends.own()
        clock.advance(REBALANCE_SECONDS)  # type: ignore[attr-defined]
        await client.get("/metrics")
    assert 99 in meters.backends.own()
