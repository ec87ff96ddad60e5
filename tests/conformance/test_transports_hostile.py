"""The real client against backends that do everything wrong, over real sockets (reliability 3.5).

After each of them the connection must be over and the next request must go over a new one.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from meganodes.callbacks.egress import Egress, EgressRules, Target
from meganodes.callbacks.exchange import Exchange, Exchanged, Headers
from meganodes.callbacks.reader import TOLD_BY_CLOSING
from meganodes.callbacks.settings import CallbackSettings
from meganodes.callbacks.transport import HttpTransport
from meganodes.domain.outcome import Phase
from meganodes.kit.clock import SystemClock
from meganodes.protocol.replies import HttpReply
from tests.support.callback_urls import NameService
from tests.support.hostile_backend import (
    PLAIN_REPLY,
    HostileBackend,
    Peer,
    Script,
    answers,
    answers_then_waits,
    chunked,
    http,
)
from tests.support.loops import on_each_loop

CLOCK = SystemClock()
SETTINGS = CallbackSettings(allow_private_targets=True, idle_seconds=0.3, idle_seconds_max=5.0)
PATIENT = CallbackSettings(allow_private_targets=True, idle_seconds=30.0)
INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"


@dataclass
class Line:
    """A client with a backend at the other end."""

    transport: HttpTransport
    backend: HostileBackend
    target: Target

    async def send(
        self, seconds: float = 2.0, *, body: bytes = b"{}", agent_id: int = 1, clean: bool = True
    ) -> Exchanged:
        """Send one request with so much time in all."""

        def is_clean(reply: HttpReply) -> bool:
            return clean and reply.status == 200

        exchange = Exchange(
            agent_id=agent_id,
            target=self.target,
            headers=Headers.of((("Callback-Token", "mnc_canary"),)),
            body=body,
            deadline=CLOCK.monotonic() + seconds,
            is_clean=is_clean,
        )
        return await self.transport.send(exchange)


@asynccontextmanager
async def line(*scripts: Script, settings: CallbackSettings = SETTINGS) -> AsyncIterator[Line]:
    egress = Egress(EgressRules(allow_private_targets=True), NameService())
    transport = HttpTransport(settings, CLOCK, egress)
    async with HostileBackend(*scripts) as backend:
        yield Line(transport, backend, egress.parse(backend.url))
        await transport.close()


async def until_idle_is_over(wire: Line) -> None:
    async with asyncio.timeout(2):
        while wire.transport.sockets(1):  # noqa: ASYNC110 - the end of a connection is no event here
            await asyncio.sleep(0.005)


async def resets_after(peer: Peer, part: bytes) -> None:
    await peer.request()
    await peer.send(part)
    await asyncio.sleep(0.02)
    peer.reset()


async def closes_after(peer: Peer, part: bytes) -> None:
    await peer.request()
    await peer.send(part)
    peer.finish()
    await peer.until_ended()


def _resets(part: bytes) -> Script:
    return lambda peer: resets_after(peer, part)


def _closes(part: bytes) -> Script:
    return lambda peer: closes_after(peer, part)


async def drips_a_reply(peer: Peer) -> None:
    await peer.request()
    await peer.drip(http() * 10, 0.005)


async def drips_headers(peer: Peer) -> None:
    await peer.request()
    await peer.send(b"HTTP/1.1 200 OK\r\n")
    await peer.drip(b"X-Slow: yes\r\n" * 100, 0.005)


async def says_hello_first(peer: Peer) -> None:
    await peer.send(b"220 smtp.example ESMTP\r\n")
    await peer.until_ended()


async def interim_for_ever(peer: Peer) -> None:
    await peer.request()
    for _ in range(1_000):
        await peer.send(INTERIM)
        await asyncio.sleep(0.001)


LATE = 0.15
LATE_CASES: dict[str, tuple[Script, str]] = {
    "drip beyond the deadline": (drips_a_reply, "nothing complete at the deadline"),
    "headers that drip": (drips_headers, "nothing complete at the deadline"),
    "stop after the headers": (answers_then_waits(http()[:-73]), "0 of 73 body bytes had come"),
    "stop in the body": (answers_then_waits(http()[:-1]), "72 of 73 body bytes had come"),
    "black hole": (answers_then_waits(b""), "no byte of a reply had come"),
    "no length and no FIN": (
        answers_then_waits(http(length=None)),
        "has no Content-Length and no end after 73 body bytes",
    ),
    "length too large": (answers_then_waits(http(length=80)), "73 of 80 body bytes had come"),
}
SENT_CASES: dict[str, tuple[Script, str]] = {
    "body of 65 KiB": (answers_then_waits(http(b" " * 66_560)), "body of the reply is above 65536"),
    "chunks of 65 KiB": (answers_then_waits(chunked(*[b" " * 6_656] * 10)), "above 65536 bytes"),
    "gigabyte declared": (answers_then_waits(http(length=1 << 30)), "above 65536 bytes"),
    "headers of 9 KiB": (answers_then_waits(http(headers=(b"X: " + b"x" * 9_000,))), "8192 bytes"),
    "hundred thousand headers": (answers_then_waits(http(headers=(b"A: b",) * 100_000)), "8192"),
    "length too small": (answers_then_waits(http(length=10)), "more bytes after the end"),
    "two replies": (answers_then_waits(http() + http()), "more bytes after the end"),
    "two JSON documents": (answers_then_waits(http() + PLAIN_REPLY), "more bytes after the end"),
    "endless interim replies": (interim_for_ever, "more than 8 interim replies"),
    "switching protocols": (
        answers_then_waits(b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
        "HTTP status 101",
    ),
    "not HTTP": (answers_then_waits(b"SSH-2.0-OpenSSH_9.6\r\n"), "not HTTP/1.1"),
    "TLS alert": (answers_then_waits(b"\x15\x03\x01\x00\x02\x02\x46"), "not HTTP/1.1"),
    "HTTP/0.9": (answers_then_waits(PLAIN_REPLY), "not HTTP/1.1"),
    "HTTP/2": (answers_then_waits(http(start=b"HTTP/2.0 200 OK")), "not HTTP/1.1"),
    "bare line feeds": (answers_then_waits(http().replace(b"\r\n", b"\n")), "not HTTP/1.1"),
    "two lengths": (answers_then_waits(http(headers=(b"Content-Length: 2",))), "not HTTP/1.1"),
    "length and chunks": (
        answers_then_waits(chunked(b"{}", headers=(b"Content-Length: 2",))),
        "not HTTP/1.1",
    ),
    "chunk size overflow": (
        answers_then_waits(chunked(b"").replace(b"0\r\n\r\n", b"f" * 17 + b"\r\n")),
        "Chunk size overflow",
    ),
    "gzip in the transfer": (
        answers_then_waits(chunked(b"{}").replace(b": chunked", b": gzip, chunked")),
        "Transfer-Encoding other than chunked",
    ),
    "FIN instead of a reply": (_closes(b""), "closed the connection; no byte"),
    "FIN in the head": (_closes(http()[:20]), "head of the reply was not complete"),
    "FIN in the body": (_closes(http()[:-5]), "68 of 73 body bytes had come"),
    "FIN in a chunk": (_closes(chunked(PLAIN_REPLY)[:-10]), "closed the connection"),
    "FIN in a head without a length": (
        _closes(http(length=None)[:-75]),
        "the head of the reply was not complete",
    ),
    "RST as the end": (_resets(http(length=None)), "has no Content-Length and no end after 73"),
    "RST as the end of HTTP/1.0": (
        _resets(http(length=None, start=b"HTTP/1.0 200 OK")),
        "has no Content-Length and no end after 73",
    ),
    "RST instead of a reply": (_resets(b""), "no byte of a reply had come"),
    "RST after the status line": (_resets(b"HTTP/1.1 200 OK\r\n"), "not complete after 17 bytes"),
    "RST in the body": (_resets(http()[:-5]), "68 of 73 body bytes had come"),
}


@pytest.mark.reliability("2.6-bet-broken-call")
@pytest.mark.rule(
    "3.3-body-limit",
    "3.3-header-limit",
    "3.3-incomplete-at-deadline",
    "3.3-deadline-total",
    "3.3-close-after-irregularity",
    "3.3-sent-after-one-byte",
    "3.4-bet-sent-once",
)
@pytest.mark.parametrize("name", [*LATE_CASES, *SENT_CASES])
@on_each_loop
@pytest.mark.security("S22")
async def test_nothing_but_a_whole_reply_counts_and_nothing_is_sent_again(name: str) -> None:
    script, fault = (LATE_CASES | SENT_CASES)[name]
    async with line(script, answers(http())) as wire:
        began = time.monotonic()
        exchanged = await wire.send(LATE if name in LATE_CASES else 5.0)
        assert time.monotonic() - began < 2.0
        assert exchanged.phase is Phase.SENT
        assert exchanged.fault is not None
        assert fault in exchanged.fault
        assert exchanged.reply is None
        assert exchanged.request_bytes
        assert len(exchanged.reply_bytes) <= 65_536
        assert wire.transport.sockets(1) == 0, "the connection is over"

        after = await wire.send()
        assert after.phase is Phase.COMPLETE
        assert len(wire.backend.peers) == 2, "and the next request goes over a new one"
        assert len(wire.backend.requests) == 2, "nothing was repeated behind our back"


@pytest.mark.rule("3.3-close-after-irregularity")
@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK"])
@pytest.mark.parametrize("wanted", [b"Connection: close", b"Connection: keep-alive", b"X: y"])
@on_each_loop
async def test_clean_fin_ends_a_reply_without_a_length_and_is_noted(
    start: bytes, wanted: bytes
) -> None:
    raw = http(start=start, length=None, headers=(wanted,))
    async with line(_closes(raw), answers(http())) as wire:
        exchanged = await wire.send()
        assert exchanged.phase is Phase.COMPLETE
        assert exchanged.fault is None
        assert exchanged.reply is not None
        assert exchanged.reply.body == PLAIN_REPLY
        assert exchanged.notes == (TOLD_BY_CLOSING,)
        assert wire.transport.sockets(1) == 0
        assert (await wire.send()).notes == ()
        assert len(wire.backend.peers) == 2


COMPLETE_CASES: dict[str, tuple[bytes, int]] = {
    "302": (http(b"", start=b"HTTP/1.1 302 X", headers=(b"Location: http://127.0.0.1/",)), 302),
    "307": (http(b"", start=b"HTTP/1.1 307 X", headers=(b"Location: //169.254.169.254/",)), 307),
    "308": (http(b"", start=b"HTTP/1.1 308 X", headers=(b"Location: file:///etc/passwd",)), 308),
    "500 with a good body": (http(start=b"HTTP/1.1 500 X"), 500),
    "204": (b"HTTP/1.1 204 X\r\n\r\n", 204),
    "999": (http(start=b"HTTP/1.1 999 X"), 999),
}


@pytest.mark.rule("3.3-redirect", "3.3-status-not-200", "3.3-close-after-irregularity")
@pytest.mark.parametrize("name", COMPLETE_CASES)
@on_each_loop
async def test_other_status_is_handed_on_and_never_followed(name: str) -> None:
    """Redirects of any kind (forms 61 to 63) are replies like others: nobody looks at Location."""
    raw, status = COMPLETE_CASES[name]
    async with line(answers_then_waits(raw), answers(http())) as wire:
        exchanged = await wire.send()
        assert exchanged.phase is Phase.COMPLETE
        assert exchanged.reply is not None
        assert exchanged.reply.status == status
        assert wire.transport.sockets(1) == 0
        assert len(wire.backend.requests) == 1


@pytest.mark.rule("3.3-content-encoding")
@on_each_loop
async def test_content_encoding_is_handed_on_and_nothing_is_unpacked() -> None:
    packed = http(b"\x1f\x8b\x08" + b"\x00" * 50, headers=(b"Content-Encoding: gzip",))
    async with line(answers(packed)) as wire:
        exchanged = await wire.send()
        assert exchanged.reply is not None
        assert (b"Content-Encoding", b"gzip") in exchanged.reply.headers
        assert exchanged.reply.body.startswith(b"\x1f\x8b")


@on_each_loop
async def test_interim_replies_and_chunks_are_no_trouble() -> None:
    async with line(answers(INTERIM + chunked(PLAIN_REPLY[:9], PLAIN_REPLY[9:]))) as wire:
        for _ in range(3):
            exchanged = await wire.send()
            assert exchanged.reply is not None
            assert exchanged.reply.body == PLAIN_REPLY
        assert len(wire.backend.peers) == 1


@pytest.mark.rule("3.3-idle-reuse")
@on_each_loop
async def test_connection_is_reused_after_clean_replies() -> None:
    async with line(answers(http())) as wire:
        for _ in range(5):
            assert (await wire.send()).phase is Phase.COMPLETE
        assert len(wire.backend.peers) == 1
        assert len(wire.backend.requests) == 5


@pytest.mark.rule("3.3-close-after-irregularity")
@on_each_loop
async def test_connection_is_not_reused_when_the_reply_is_found_unclean() -> None:
    async with line(answers(http())) as wire:
        await wire.send(clean=False)
        assert wire.transport.sockets(1) == 0
        await wire.send()
        assert len(wire.backend.peers) == 2


@pytest.mark.rule("3.3-idle-reuse")
@pytest.mark.parametrize(
    ("header", "connections"),
    [(b"X: y", 2), (b"Keep-Alive: timeout=30", 1), (b"Keep-Alive: timeout=2", 2)],
)
@on_each_loop
async def test_connection_is_not_reused_after_its_time(header: bytes, connections: int) -> None:
    async with line(answers(http(headers=(header,)))) as wire:
        await wire.send()
        await asyncio.sleep(0.4)
        await wire.send()
        assert len(wire.backend.peers) == connections


@pytest.mark.rule("3.3-idle-reuse")
@on_each_loop
async def test_idle_connection_is_closed_by_us_in_time() -> None:
    async with line(answers(http())) as wire:
        await wire.send(0.2)
        assert wire.transport.sockets(1) == 1
        async with asyncio.timeout(2):
            await wire.backend.settled()
        assert wire.backend.peers[0].was_ended_by_hub
        assert wire.transport.sockets(1) == 0


@pytest.mark.rule("3.3-no-reuse-after-fin")
@pytest.mark.parametrize("parting", ["fin", "bytes", "late reply", "reset"])
@on_each_loop
async def test_connection_is_not_reused_after_fin_or_bytes_while_idle(parting: str) -> None:
    async def parts(peer: Peer) -> None:
        await peer.request()
        await peer.send(http())
        await asyncio.sleep(0.03)
        if parting == "fin":
            peer.finish()
        elif parting == "reset":
            peer.reset()
            return
        else:
            await peer.send(b"\r\n" if parting == "bytes" else http())
        await peer.until_ended()

    async with line(parts, answers(http()), settings=PATIENT) as wire:
        assert (await wire.send()).phase is Phase.COMPLETE
        await until_idle_is_over(wire)
        assert (await wire.send()).phase is Phase.COMPLETE
        assert len(wire.backend.peers) == 2


@pytest.mark.rule("3.3-no-reuse-after-fin")
@on_each_loop
@pytest.mark.parametrize("blind_seconds", [0.002, 0.1])
async def test_fin_the_event_loop_has_not_seen_yet_is_seen_before_the_send(
    blind_seconds: float,
) -> None:
    async def parts(peer: Peer) -> None:
        await peer.request()
        await peer.send(http())
        peer.finish()
        await peer.until_ended()

    async with line(parts, answers(http())) as wire:
        for _ in range(2):
            assert (await wire.send()).phase is Phase.COMPLETE
            time.sleep(blind_seconds)  # noqa: ASYNC251 - the loop is to be blind for a moment
        assert len(wire.backend.peers) == 2


@pytest.mark.reliability("2.6-bet-broken-call")
@pytest.mark.rule("3.3-sent-after-one-byte", "3.4-bet-sent-once")
@on_each_loop
async def test_kept_connection_that_fails_under_a_request_is_sent_and_not_repeated() -> None:
    async def breaks_at_the_second(peer: Peer) -> None:
        await peer.request()
        await peer.send(http())
        await peer.request()
        peer.reset()

    async with line(breaks_at_the_second, answers(http())) as wire:
        assert (await wire.send()).phase is Phase.COMPLETE
        exchanged = await wire.send()
        assert exchanged.phase is Phase.SENT
        assert len(wire.backend.peers) == 1
        assert len(wire.backend.requests) == 2


@pytest.mark.rule("3.3-close-after-irregularity")
@on_each_loop
async def test_backend_that_speaks_first_gets_no_second_request_on_that_connection() -> None:
    async with line(says_hello_first, answers(http())) as wire:
        exchanged = await wire.send(LATE)
        assert exchanged.phase in {Phase.BEFORE_SEND, Phase.SENT}
        assert exchanged.reply is None
        assert wire.transport.sockets(1) == 0


@pytest.mark.rule("3.3-close-after-irregularity")
@on_each_loop
async def test_answer_before_the_request_was_read_does_not_count() -> None:
    async def impatient(peer: Peer) -> None:
        await peer.send_without_reading(http())
        await asyncio.sleep(0.1)

    async with line(impatient, answers(http())) as wire:
        exchanged = await wire.send(1.0, body=b" " * 8_000_000)
        assert exchanged.reply is None
        assert exchanged.phase is Phase.SENT
        assert exchanged.fault == "the backend answered before it had read the request"
        assert wire.transport.sockets(1) == 0


@pytest.mark.rule("3.3-deadline-total")
@on_each_loop
async def test_deadline_is_kept_within_fifty_milliseconds_however_many_wait() -> None:
    async with line(drips_a_reply) as wire:

        async def over_run() -> float:
            began = time.monotonic()
            await wire.send(0.2)
            return time.monotonic() - began - 0.2

        late = await asyncio.gather(*[over_run() for _ in range(30)])
        assert sorted(late)[len(late) // 2] < 0.05


@on_each_loop
async def test_cancelled_request_ends_its_connection() -> None:
    async with line(answers_then_waits(b""), answers(http())) as wire:
        sending = asyncio.ensure_future(wire.send())
        await asyncio.sleep(0.05)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert wire.transport.sockets(1) == 0
        assert (await wire.send()).phase is Phase.COMPLETE


@on_each_loop
async def test_closing_ends_requests_under_way_as_sent() -> None:
    async with line(answers_then_waits(b"")) as wire:
        sending = asyncio.ensure_future(wire.send())
        await asyncio.sleep(0.05)
        await wire.transport.close()
        exchanged = await sending
        assert exchanged.phase is Phase.SENT
        assert exchanged.fault == "the hub closed the connection"
        assert wire.transport.sockets(1) == 0


@on_each_loop
async def test_form_65_two_agents_with_one_address_share_no_connection() -> None:
    async with line(answers(http())) as wire:
        for agent_id in (1, 2, 1, 2):
            assert (await wire.send(agent_id=agent_id)).phase is Phase.COMPLETE
        assert [len(peer.requests) for peer in wire.backend.peers] == [2, 2]
