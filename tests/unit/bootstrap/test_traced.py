"""The traced parts do what the plain ones do, with a span around it."""

from __future__ import annotations

from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from meganodes.bootstrap.traced import TracedDoor, TracedGateway, TracedJournal, traced_app
from meganodes.callbacks.egress import Egress, EgressRules
from meganodes.callbacks.exchange import Exchange, Exchanged
from meganodes.callbacks.scripted import ScriptedTransport, answered, lost
from meganodes.callbacks.settings import CallbackSettings
from meganodes.journal.schema import upgrade
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import parse_database_url
from meganodes.kit.identity import SeededIdentity
from meganodes.kit.tracing import Tracing, TracingSettings, open_tracing
from meganodes.protocol.commands import Command
from tests.support.builders import a_provider
from tests.support.callback_urls import NameService
from tests.support.calls import a_call, a_view
from tests.support.door import opened_world
from tests.support.listener import ScriptedApp
from tests.support.provider_door import FakeCore, FakeProviders, a_request
from tests.support.transactions import START_MS, bet, record, win

OK = b'{"result":0,"status":"OK","data":{"account":"player_1","balance":100.00}}'


class Collected:
    """Where spans end in these tests."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        settings = TracingSettings(endpoint="")
        self.tracing: Tracing = open_tracing(settings, SimpleSpanProcessor(self._exporter))

    @property
    def spans(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def attributes(self, name: str) -> dict[str, object]:
        (span,) = (each for each in self.spans if each.name == name)
        return dict(span.attributes or {})


@pytest.fixture
def collected() -> Collected:
    return Collected()


def a_gateway(
    collected: Collected, reply: bytes | None, *, tells: bool
) -> tuple[TracedGateway, ScriptedTransport]:
    clock = ManualClock()

    async def script(exchange: Exchange) -> Exchanged:
        return lost(exchange) if reply is None else answered(exchange, reply)

    transport = ScriptedTransport(script, clock)
    gateway = TracedGateway(
        transport,
        Egress(EgressRules(), NameService()),
        clock,
        SeededIdentity(1),
        CallbackSettings(),
        tracing=collected.tracing,
        tells_backends=tells,
    )
    return gateway, transport


async def test_an_attempt_is_a_span_with_its_outcome(collected: Collected) -> None:
    gateway, _ = a_gateway(collected, OK, tells=False)
    await gateway.send(a_view(), a_call(Command.BALANCE))
    seen = collected.attributes("callback balance")
    assert seen["meganodes.outcome"] == "accepted"
    assert seen["http.response.status_code"] == 200
    (span,) = collected.spans
    assert span.kind is SpanKind.CLIENT
    assert span.status.status_code is StatusCode.UNSET
    assert "player_1" not in span.to_json()


async def test_an_attempt_of_unknown_outcome_is_one_that_went_wrong(collected: Collected) -> None:
    gateway, _ = a_gateway(collected, None, tells=False)
    await gateway.send(a_view(), a_call(Command.BALANCE))
    (span,) = collected.spans
    assert span.status.status_code is StatusCode.ERROR
    assert span.status.description == "unknown"


@pytest.mark.rule("3.1-header-traceparent")
@pytest.mark.parametrize("tells", [True, False])
async def test_a_backend_learns_of_the_trace_only_when_it_is_to(
    collected: Collected, *, tells: bool
) -> None:
    gateway, transport = a_gateway(collected, OK, tells=tells)
    await gateway.send(a_view(), a_call(Command.BALANCE))
    (span,) = collected.spans
    assert span.context is not None
    ours = f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-01"
    sent = dict(transport.exchanges[0].headers)["traceparent"]
    assert (sent == ours) is tells
    assert len(sent) == len(ours), "the header is there in any case (contract 3.1)"


async def test_commits_and_claims_are_spans(collected: Collected, tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    journal = TracedJournal(path, clock=ManualClock(), owner="node-0", tracing=collected.tracing)
    await journal.start()
    await record(journal, bet())
    assert collected.attributes("journal commit") == {
        "meganodes.inserts": 1,
        "meganodes.moves": 0,
        "meganodes.attempts": 0,
        "meganodes.result": "Committed",
    }
    await record(journal, win(round_id="r-2"), lease_ms=None)
    claimed = await journal.claim(1, now_ms=START_MS, limit=5, lease_ms=9_000)
    assert len(claimed) == 1
    assert collected.attributes("journal claim")["meganodes.rows"] == 1
    await journal.close()


def a_traced_door(collected: Collected, core: FakeCore) -> TracedDoor:
    return TracedDoor(
        providers=FakeProviders(a_provider()),
        serve=core,
        clock=ManualClock(),
        identity=SeededIdentity(1),
        tracing=collected.tracing,
    )


async def test_a_providers_call_is_a_span_with_code_and_request_id(collected: Collected) -> None:
    door = a_traced_door(collected, FakeCore())
    response = await door.handle(a_request())
    assert response.status == 200
    seen = collected.attributes("provider balance")
    assert (seen["meganodes.code"], seen["http.response.status_code"]) == (0, 200)
    assert seen["meganodes.request_id"] == dict(response.headers)[b"x-request-id"].decode()
    assert sum(door.meters.calls.values()) == 1
    await door.handle(a_request(path="/provider/v1/nonsense"))
    assert collected.attributes("provider other")["http.response.status_code"] == 404


async def test_a_defect_behind_the_door_is_a_span_that_went_wrong(collected: Collected) -> None:
    door = a_traced_door(collected, FakeCore(defect="row 17 of mnp_example"))
    assert (await door.handle(a_request())).status == 500
    (span,) = collected.spans
    assert span.status.status_code is StatusCode.ERROR
    assert "mnp_example" not in span.to_json()


async def test_a_call_of_the_main_api_is_a_span(collected: Collected, tmp_path: Path) -> None:
    async with opened_world(tmp_path) as world, world.client() as plain:
        app = plain._transport.app  # type: ignore[attr-defined]
        plain._transport.app = traced_app(app, collected.tracing)  # type: ignore[attr-defined]
        answer = await plain.post("/v4/agent/info")
    seen = collected.attributes("main_api /v4/agent/info")
    assert seen["http.response.status_code"] == answer.status_code == 200
    assert seen["meganodes.request_id"] == answer.headers["x-request-id"]


async def test_pages_and_probes_of_health_are_no_spans(collected: Collected) -> None:
    asked = ScriptedApp()
    app = traced_app(asked, collected.tracing)
    sent: list[object] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: object) -> None:
        sent.append(message)

    for path in ("/health/ready", "/v4/game/launch", "/no-such-page"):
        scope: dict[str, object] = {
            "type": "http", "path": path, "method": "GET", "http_version": "1.1", "scheme": "http",
            "query_string": b"", "client": ("127.0.0.1", 1), "headers": [],
        }  # fmt: skip
        await app(scope, receive, send)
    assert len(asked.asked) == 3
    assert collected.spans == []
