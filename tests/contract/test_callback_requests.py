"""Callbacks byte for byte as a backend receives them: a difference here is a change of the wire."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator

import pytest

from meganodes.callbacks.egress import Egress
from meganodes.callbacks.gateway import HttpGateway, Lane
from meganodes.callbacks.settings import CallbackSettings
from meganodes.callbacks.transport import HttpTransport
from meganodes.domain.outcome import Accepted
from meganodes.kit.clock import ManualClock
from meganodes.kit.identity import SeededIdentity
from meganodes.kit.secrets import Secret
from meganodes.protocol.commands import Command, Revision, check_text
from meganodes.protocol.signature import sign, verify
from tests.support.callback_urls import NameService
from tests.support.calls import ACCOUNT, GUID, OLDER_KEY, SIGNING_KEY, TOKEN, a_call, a_view
from tests.support.hostile_backend import HostileBackend, answers, http

SETTINGS = CallbackSettings(allow_private_targets=True)
NOW_MS = 1_790_000_000_123
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
OK = (
    b'{"result":0,"status":"OK","data":{"account":"player_1","balance":100.00,'
    b'"trans_status":"OK","trans_guid":"' + GUID.encode() + b'","trans_id":4711}}'
)


class Line:
    """A gateway on a clock that stands still, and the backend it speaks to."""

    def __init__(self, backend: HostileBackend) -> None:
        self.backend = backend
        self.clock = ManualClock(now_ms=NOW_MS)
        egress = Egress(SETTINGS.egress_rules(), NameService())
        transport = HttpTransport(SETTINGS, self.clock, egress)
        self.gateway = HttpGateway(transport, egress, self.clock, SeededIdentity(1), SETTINGS)

    async def send(self, command: Command, **changes: object) -> bytes:
        """Send one callback and return what the backend received."""
        agent = changes.pop("agent", a_view(callback_url=self.backend.url))
        attempt = await self.gateway.send(agent, a_call(command, **changes))  # type: ignore[arg-type]
        assert isinstance(attempt.outcome, Accepted), attempt.outcome
        received = self.backend.requests[-1]
        assert _without_secrets(received) == attempt.request_bytes
        return received


def _without_secrets(request: bytes) -> bytes:
    masked = re.sub(rb"Callback-Token: [^\r]+", b"Callback-Token: ****", request)
    return re.sub(rb"webhook-signature: [^\r]+", b"webhook-signature: ****", masked)


def lines_and_body(request: bytes) -> tuple[list[str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    return head.decode("ascii").split("\r\n"), body


def headers_of(request: bytes) -> dict[str, str]:
    lines, _ = lines_and_body(request)
    return dict(line.split(": ", 1) for line in lines[1:])


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with HostileBackend(answers(http(OK))) as backend:
        opened = Line(backend)
        yield opened
        await opened.gateway.close()


@pytest.mark.rule(
    "3.1-one-url-post",
    "3.1-header-casing",
    "3.1-header-signature",
    "3.1-header-attempt",
    "3.1-header-deadline",
    "3.1-header-traceparent",
    "3.1-envelope",
    "3.1-check-text",
    "3.1-bet-data-guid",
    "3.3-accept-encoding",
)
async def test_bet_of_revision_guid_is_these_bytes(line: Line) -> None:
    received = await line.send(Command.BET, traceparent=TRACE)
    body = (
        b'{"command":"bet","data":{"gplay_id":"77","account":"player_1",'
        b'"trans_guid":"mn-0123456789012345678901234567890123456789",'
        b'"time_stamp":1790000000123,"round_id":"r-1","provider_id":7,"game_code":"fruits",'
        b'"game_type":"slot","amount":1.50,"type":1},'
        b'"timestamp":"1790000000","check":"21,22,41,31"}'
    )
    signature = sign(SIGNING_KEY, GUID, 1_790_000_000, body)
    lines, sent_body = lines_and_body(received)
    assert sent_body == body
    assert lines == [
        "POST /callback HTTP/1.1",
        f"Host: 127.0.0.1:{line.backend.port}",
        f"Callback-Token: {TOKEN}",
        "Accept: application/json",
        "Content-Type: application/json",
        "Accept-Encoding: identity",
        f"webhook-id: {GUID}",
        "webhook-timestamp: 1790000000",
        f"webhook-signature: {signature}",
        "MegaNodes-Attempt: 1",
        "MegaNodes-Deadline: 1790000002123",
        f"traceparent: {TRACE}",
        f"Content-Length: {len(body)}",
    ]


@pytest.mark.rule("3.1-cancel-data-id", "3-revision-id-cancel", "3.1-check-text")
async def test_cancel_of_revision_id_is_this_body(line: Line) -> None:
    received = await line.send(Command.CANCEL, revision=Revision.ID)
    assert lines_and_body(received)[1] == (
        b'{"command":"cancel","data":{"account":"player_1","trans_id":4711,"round_id":"r-1",'
        b'"provider_id":7,"provider_name":"Pixel Works","game_code":"fruits",'
        b'"game_name":"Fruits","game_type":"Slots"},'
        b'"timestamp":"1790000000","check":"21,22,42"}'
    )


@pytest.mark.rule("3.1-one-url-post", "1-account-verbatim", "3.1-check-text", "3.1-envelope")
@pytest.mark.parametrize("revision", list(Revision))
@pytest.mark.parametrize("command", list(Command))
async def test_every_command_goes_to_the_one_url_in_the_same_envelope(
    line: Line, command: Command, revision: Revision
) -> None:
    received = await line.send(command, revision=revision)
    lines, body = lines_and_body(received)
    envelope = json.loads(body)
    assert lines[0] == "POST /callback HTTP/1.1"
    assert list(envelope) == ["command", "data", "timestamp", "check"]
    assert envelope["command"] == command.value
    assert envelope["data"]["account"] == ACCOUNT
    assert envelope["timestamp"] == "1790000000"
    assert envelope["check"] == check_text(command, revision)
    assert headers_of(received)["Content-Length"] == str(len(body))


@pytest.mark.rule("3.1-header-casing")
async def test_names_of_the_family_have_their_exact_casing(line: Line) -> None:
    received = await line.send(Command.AUTHENTICATE)
    for name in (b"Callback-Token", b"Accept", b"Content-Type"):
        assert received.count(b"\r\n" + name + b": ") == 1
        assert received.lower().count(b"\r\n" + name.lower() + b": ") == 1


@pytest.mark.rule(
    "3.1-retry-bytes",
    "3.1-retry-fresh-timestamp",
    "3.1-header-webhook-id-stable",
    "3.1-header-attempt",
)
async def test_retry_changes_the_time_the_number_and_the_signature_only(line: Line) -> None:
    first = await line.send(Command.WIN, lane=Lane.DELIVERY)
    line.clock.advance(2.5)
    second = await line.send(Command.WIN, lane=Lane.DELIVERY, attempt=2)
    earlier, later = headers_of(first), headers_of(second)
    changed = {name for name in earlier if earlier[name] != later[name]}
    assert changed == {
        "webhook-timestamp",
        "webhook-signature",
        "MegaNodes-Attempt",
        "MegaNodes-Deadline",
        "traceparent",
    }
    assert int(later["webhook-timestamp"]) - int(earlier["webhook-timestamp"]) == 2
    bodies = [lines_and_body(request)[1] for request in (first, second)]
    assert bodies[0].replace(b'"1790000000"', b'"1790000002"') == bodies[1]


@pytest.mark.rule("3.1-header-signature", "3.1-header-signature-overlap")
async def test_signature_is_good_for_both_secrets_of_a_rotation(line: Line) -> None:
    agent = a_view(
        callback_url=line.backend.url,
        signing_secrets=(Secret(SIGNING_KEY), Secret(OLDER_KEY)),
    )
    received = await line.send(Command.BET, agent=agent)
    headers, body = headers_of(received), lines_and_body(received)[1]
    assert len(headers["webhook-signature"].split(" ")) == 2
    for key in (SIGNING_KEY, OLDER_KEY):
        assert verify(
            [key],
            headers["webhook-id"],
            headers["webhook-timestamp"],
            body,
            headers["webhook-signature"],
            now_seconds=NOW_MS / 1_000,
        )


@pytest.mark.rule("3.1-header-deadline", "3.3-bet-deadline-from-commit")
@pytest.mark.parametrize(("command", "milliseconds"), [(Command.BET, 1_500), (Command.WIN, 3_500)])
async def test_deadline_header_is_what_is_left_of_the_total(
    line: Line, command: Command, milliseconds: int
) -> None:
    committed_at = line.clock.monotonic()
    line.clock.advance(0.5)
    received = await line.send(command, started_at=committed_at)
    assert headers_of(received)["MegaNodes-Deadline"] == str(NOW_MS + 500 + milliseconds)


@pytest.mark.rule("3.1-url-token-current")
async def test_url_and_token_of_the_attempt_are_used(line: Line) -> None:
    await line.send(Command.WIN)
    moved = a_view(
        callback_url=line.backend.url.replace("/callback", "/new?v=2"),
        callback_token=Secret("mnc_new"),
    )
    received = await line.send(Command.WIN, agent=moved, attempt=2)
    assert received.startswith(b"POST /new?v=2 HTTP/1.1\r\n")
    assert headers_of(received)["Callback-Token"] == "mnc_new"


async def test_callback_goes_out_without_cookies_agent_names_or_compression(line: Line) -> None:
    received = await line.send(Command.STATUS)
    names = {name.lower() for name in headers_of(received)}
    assert not names & {"cookie", "authorization", "user-agent", "transfer-encoding", "expect"}
    assert headers_of(received)["Accept-Encoding"] == "identity"
