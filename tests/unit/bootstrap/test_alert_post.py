"""One message to the alert address: what is in it, how it is signed, what counts as arrived."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meganodes.bootstrap.alert_post import (
    AlertLine,
    Message,
    Sender,
    a_message,
    open_line,
    read_secrets,
)
from meganodes.bootstrap.wiring import StartFault
from meganodes.callbacks.egress import Egress, EgressRules
from meganodes.callbacks.exchange import Exchange, Exchanged
from meganodes.callbacks.scripted import ScriptedTransport, answered, lost
from meganodes.hub.alerts import AlertKind, Condition, Notice
from meganodes.kit.clock import ManualClock
from meganodes.kit.identity import SeededIdentity
from meganodes.kit.secrets import Secret
from meganodes.protocol.signature import secret_text, verify
from tests.support.callback_urls import NameService

NEW, OLD = b"n" * 32, b"o" * 32
SENDER = Sender(installation="inst", node="node-0")
PARKED = Condition(
    key="parked:agent/1",
    kind=AlertKind.PARKED,
    subject="acme",
    since_ms=1_790_000_000_000,
    count=3,
    summary="3 transactions of acme are parked: a person must decide",
)


def message(*notices: Notice) -> Message:
    return a_message(SENDER, notices, ManualClock(), SeededIdentity(1))


def test_a_message_says_what_is_wrong_since_when_and_what_to_read() -> None:
    body = json.loads(
        message(
            Notice(condition=PARKED, time=2), Notice(condition=PARKED, time=2, is_over=True)
        ).body
    )
    assert (body["type"], body["timestamp"]) == ("meganodes.alerts", "2026-09-21T14:13:20Z")
    assert (body["data"]["installation"], body["data"]["node"]) == ("inst", "node-0")
    first, second = body["data"]["alerts"]
    assert first == {
        "key": "parked:agent/1",
        "kind": "parked",
        "state": "firing",
        "subject": "acme",
        "summary": "3 transactions of acme are parked: a person must decide",
        "count": 3,
        "since": "2026-09-21T14:13:20Z",
        "time": 2,
        "runbook": "docs/operating/runbook.md#parked-work",
    }
    assert second["state"] == "resolved"


def a_line(*replies: int | None) -> tuple[AlertLine, ScriptedTransport, ManualClock]:
    clock = ManualClock()
    waiting = list(replies)

    async def script(exchange: Exchange) -> Exchanged:
        status = waiting.pop(0)
        return lost(exchange) if status is None else answered(exchange, b"", status=status)

    transport = ScriptedTransport(script, clock)
    target = Egress(EgressRules(), NameService()).parse("https://alerts.example.com/in?from=hub")
    secrets = (Secret(NEW), Secret(OLD))
    return AlertLine(target, secrets, transport, clock), transport, clock


async def test_each_try_is_signed_with_every_secret_at_its_own_time() -> None:
    line, transport, clock = a_line(500, 204)
    told = message(Notice(condition=PARKED, time=1))
    await line.post(told)
    clock.advance(30)
    await line.post(told)
    first, second = (dict(exchange.headers) for exchange in transport.exchanges)
    assert first["webhook-id"] == second["webhook-id"] == told.message_id
    assert int(second["webhook-timestamp"]) == int(first["webhook-timestamp"]) + 30
    for secret in (NEW, OLD):
        for headers in (first, second):
            assert verify(
                [secret],
                headers["webhook-id"],
                headers["webhook-timestamp"],
                told.body,
                headers["webhook-signature"],
                now_seconds=clock.now_ms() // 1000,
            )
    assert transport.exchanges[0].target.path_and_query == "/in?from=hub"


@pytest.mark.parametrize(
    ("status", "arrived"),
    [(200, True), (202, True), (204, True), (301, False), (404, False), (500, False)],
)
async def test_only_a_2xx_means_that_it_arrived(status: int, *, arrived: bool) -> None:
    line, _, _ = a_line(status)
    posted = await line.post(message())
    assert posted.arrived is arrived
    assert f"HTTP {status}" in posted.sentence


async def test_no_answer_is_a_sentence() -> None:
    line, _, _ = a_line(None)
    posted = await line.post(message())
    assert not posted.arrived
    assert posted.sentence == "nothing complete at the deadline"


def secret_file(folder: Path, content: str, mode: int = 0o600) -> Path:
    path = folder / "alert.secret"
    path.write_text(content)
    path.chmod(mode)
    return path


def test_while_a_secret_is_exchanged_the_file_has_two(tmp_path: Path) -> None:
    path = secret_file(tmp_path, f"{secret_text(NEW)}\n{secret_text(OLD)}\n")
    assert [secret.reveal_bytes() for secret in read_secrets(path)] == [NEW, OLD]


@pytest.mark.parametrize(
    ("content", "mode", "word"),
    [
        (secret_text(NEW), 0o644, "chmod 600"),
        ("", 0o600, "empty"),
        ("hunter2", 0o600, "whsec_"),
        ("whsec_c2hvcnQ=", 0o600, "24 to 64"),
        ("wh\u00e9", 0o600, "cannot be read"),
    ],
)
def test_a_secret_that_cannot_be_used_stops_the_start(
    tmp_path: Path, content: str, mode: int, word: str
) -> None:
    with pytest.raises(StartFault, match=word) as fault:
        read_secrets(secret_file(tmp_path, content, mode))
    assert secret_text(NEW) not in str(fault.value)


def test_a_secret_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(StartFault, match="meganodes alert secret"):
        read_secrets(tmp_path / "none")


@pytest.mark.parametrize(
    "url",
    [
        "https://alerts.example.com/in",
        "http://10.0.0.7:9093/api",
        "http://localhost:8080/",
        "http://alertmanager:9093/",
        "https://[fd00::7]/",
    ],
)
async def test_addresses_of_ones_own_networks_are_taken(tmp_path: Path, url: str) -> None:
    line = open_line(url, secret_file(tmp_path, secret_text(NEW)), ManualClock())
    await line.close()


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x.example/",
        "https://user:pass@x.example/",
        "http://",
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00:ec2::254]/latest",
    ],
)
def test_what_is_no_address_stops_the_start(tmp_path: Path, url: str) -> None:
    with pytest.raises(StartFault, match=r"operations\.alert_url"):
        open_line(url, secret_file(tmp_path, secret_text(NEW)), ManualClock())
