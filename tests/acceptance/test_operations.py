"""The hub as the people who run it see it: metrics, alerts, spans, over real processes."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from meganodes.demo.children import ChildFault
from meganodes.demo.http_client import HttpResult, send_bytes
from meganodes.kit.clock import SystemClock
from tests.support.alert_receiver import AlertReceiver, an_alert_receiver
from tests.support.evening import HURRIED, Evening, EveningOptions, an_evening
from tests.support.warm_start import WarmChildren

QUICK = {**HURRIED, "MEGANODES_OPERATIONS__LOOK_SECONDS": "1"}


async def fetched(evening: Evening, path: str, *headers: str) -> HttpResult:
    lines = "".join(f"{header}\r\n" for header in ("Host: hub", "Connection: close", *headers))
    return await send_bytes(evening.url("hub"), f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode(), 20)


async def metrics(evening: Evening) -> dict[str, float]:
    answer = await fetched(evening, "/metrics")
    assert answer.status == 200
    lines = (line for line in answer.body.decode().splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


async def test_an_evening_of_play_shows_in_the_metrics_but_not_to_strangers(
    tmp_path: Path,
) -> None:
    settings = {**QUICK, "MEGANODES_MAIN_API__TRUSTED_PROXIES": "127.0.0.0/8"}
    async with an_evening(tmp_path, EveningOptions(settings=settings)) as evening:
        session = await evening.open_session("ada", "500.00")
        await evening.play(session, 10)
        assert (await evening.agreed()).agrees
        seen = await metrics(evening)
        hidden = await fetched(evening, "/metrics", "X-Forwarded-For: 203.0.113.9")
        nothing = await fetched(evening, "/no-such-page", "X-Forwarded-For: 203.0.113.9")
    bets = seen['meganodes_provider_calls_total{code="0",command="bet"}']
    assert bets > 0
    name = 'meganodes_callbacks_total{agent="toy-casino",command="bet",outcome="accepted"}'
    assert seen[name] >= bets
    assert seen['meganodes_main_api_calls_total{code="0",path="/v4/user/create"}'] == 1
    assert seen['meganodes_own_share_seconds_count{door="provider_api"}'] >= bets
    assert seen['meganodes_backend_seconds_count{agent="toy-casino"}'] >= bets
    assert seen["meganodes_journal_commit_seconds_count"] > 0
    assert seen["meganodes_circuits_open"] == 0
    assert seen["meganodes_event_loop_lag_seconds_count"] > 0
    assert seen["process_resident_memory_bytes"] > 1_000_000
    assert seen["meganodes_disk_free_bytes"] > 0
    assert (hidden.status, hidden.body) == (nothing.status, nothing.body)
    assert hidden.status == 404


async def hub_with_alerts(evening: Evening, receiver: AlertReceiver) -> str:
    """Start the hub anew with an alert address; gives the secret of its signatures."""
    path = evening.folder / "alert.secret"
    await evening.children.run("alert", "secret", str(path))
    await evening.stop_hub()
    evening.environment.update(
        {
            "MEGANODES_OPERATIONS__ALERT_URL": receiver.url,
            "MEGANODES_OPERATIONS__ALERT_SECRET_FILE": str(path),
            "MEGANODES_OPERATIONS__ALERT_CIRCUIT_SECONDS": "0",
        }
    )
    await evening.start_hub()
    return (await asyncio.to_thread(path.read_text)).strip()


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(600):
        if await condition():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it never came true")


async def test_an_open_circuit_is_told_signed_and_only_once(tmp_path: Path) -> None:
    nobody = EveningOptions(settings=QUICK, callback_url="http://127.0.0.1:1/callback")
    async with an_alert_receiver(500) as receiver, an_evening(tmp_path, nobody) as evening:
        secret = await hub_with_alerts(evening, receiver)
        for number in range(12):
            answer = await evening.main_api("user/create", {"name": f"ada_{number}"})
            assert answer["code"] == 1015

        async def delivered() -> bool:
            seen = await metrics(evening)
            return seen['meganodes_alert_messages_total{outcome="delivered"}'] == 1

        await eventually(delivered)
        looked = (await metrics(evening))["meganodes_last_look_timestamp_seconds"]

        async def looked_again() -> bool:
            seen = await metrics(evening)
            return seen["meganodes_last_look_timestamp_seconds"] > looked + 2

        await eventually(looked_again)
        seen = await metrics(evening)
    # It was refused once and tried again, and several looks later nothing was told anew.
    first, again = receiver.received
    assert (first.headers["webhook-id"], first.body) == (again.headers["webhook-id"], again.body)
    assert first.is_signed_with(secret)
    assert again.is_signed_with(secret)
    (alert,) = first.alerts
    shown = [alert[name] for name in ("kind", "state", "subject", "runbook")]
    runbook = "docs/operating/runbook.md#circuit-open"
    assert shown == ["circuit", "firing", "toy-casino", runbook]
    assert seen['meganodes_alerts_firing{kind="circuit"}'] == 1
    assert seen['meganodes_alert_messages_total{outcome="failed"}'] == 1
    log = await asyncio.to_thread((tmp_path / "hub.log").read_text)
    assert receiver.url not in log


async def test_an_alert_can_be_tried_out(tmp_path: Path) -> None:
    key, secret = tmp_path / "master.key", tmp_path / "alert.secret"
    environment = {
        "MEGANODES_DATABASE_URL": f"sqlite:///{tmp_path / 'hub.db'}",
        "MEGANODES_MASTER_KEY_FILE": str(key),
    }
    async with (
        an_alert_receiver(204, 503) as receiver,
        WarmChildren(tmp_path, SystemClock(), environment) as children,
    ):
        with pytest.raises(ChildFault, match="alert_url is not set"):
            await children.run("alert", "test")
        await children.run("alert", "secret", str(secret))
        with pytest.raises(ChildFault, match="exists already"):
            await children.run("alert", "secret", str(secret))
        environment["MEGANODES_OPERATIONS__ALERT_URL"] = receiver.url
        environment["MEGANODES_OPERATIONS__ALERT_SECRET_FILE"] = str(secret)
        assert "HTTP 204" in await children.run("alert", "test")
        with pytest.raises(ChildFault, match="did not arrive: HTTP 503"):
            await children.run("alert", "test")
        assert [each.alerts[0]["kind"] for each in receiver.received] == ["test", "test"]
        text = (await asyncio.to_thread(secret.read_text)).strip()
        assert all(each.is_signed_with(text) for each in receiver.received)


async def test_spans_leave_and_their_trace_reaches_a_backend_that_is_to_know_it(
    tmp_path: Path,
) -> None:
    spans: list[bytes] = []

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        assert length is not None
        spans.append(await reader.readexactly(int(length[1])))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(collect, "127.0.0.1", 0) as collector:
        port = collector.sockets[0].getsockname()[1]
        settings = {
            **QUICK,
            "MEGANODES_OPERATIONS__TRACING_ENDPOINT": f"http://127.0.0.1:{port}/v1/traces",
            "MEGANODES_OPERATIONS__TRACING_TO_BACKENDS": "true",
        }
        async with an_evening(tmp_path, EveningOptions(settings=settings)) as evening:
            session = await evening.open_session("ada", "500.00")
            await evening.ask(
                "bet", session=session, transaction_id="b1", round_id="r1", amount="1.00"
            )
            assert await evening.stop_hub() == 0
        sent = b"".join(spans)
    for name in (b"main_api /v4/user/create", b"provider bet", b"callback bet", b"journal commit"):
        assert name in sent
    for secret in (evening.agent["api_token"], evening.agent["callback_token"], session):
        assert secret.encode() not in sent
    assert b"ada" not in sent, "no account is in a span"
