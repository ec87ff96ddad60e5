"""TLS of the real client: the chain and the name are verified, always (reliability S24)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from meganodes.callbacks.egress import Egress, EgressRules, Target
from meganodes.callbacks.exchange import Exchange, Exchanged, Headers
from meganodes.callbacks.reader import TOLD_BY_CLOSING
from meganodes.callbacks.settings import CallbackSettings
from meganodes.callbacks.transport import HttpTransport
from meganodes.domain.outcome import Phase
from meganodes.kit.clock import SystemClock
from tests.support.callback_urls import NameService
from tests.support.certificates import DAY, NOW, Identity, authority, server, server_context
from tests.support.hostile_backend import HostileBackend, Peer, Script, answers, http, says_nothing
from tests.support.loops import on_each_loop

CLOCK = SystemClock()
HOST = "casino.example"


@dataclass
class Pki:
    """An authority and the folder its files are in."""

    folder: Path
    root: Identity
    ca_file: Path

    def server(self, *names: str, **changes: object) -> ssl.SSLContext:
        issuer = changes.pop("issuer", self.root)
        identity = server(issuer, names or (HOST,), **changes)  # type: ignore[arg-type]
        return server_context(identity, self.folder, "server")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    folder = tmp_path_factory.mktemp("pki")
    root = authority()
    return Pki(folder, root, root.files(folder, "ca")[0])


@dataclass
class Line:
    transport: HttpTransport
    backend: HostileBackend

    async def send(self, host: str = HOST, seconds: float = 2.0) -> Exchanged:
        exchange = Exchange(
            agent_id=1,
            target=Target(
                scheme="https", host=host, port=self.backend.port, path_and_query="/callback"
            ),
            headers=Headers.of((("Callback-Token", "mnc_canary"),)),
            body=b"{}",
            deadline=CLOCK.monotonic() + seconds,
        )
        return await self.transport.send(exchange)


@asynccontextmanager
async def line(
    script: Script, tls: ssl.SSLContext | None, ca_file: Path | None
) -> AsyncIterator[Line]:
    names = NameService({HOST: ("127.0.0.1",), "other.example": ("127.0.0.1",)})
    egress = Egress(EgressRules(allow_private_targets=True), names)
    settings = CallbackSettings(allow_private_targets=True, ca_file=ca_file)
    transport = HttpTransport(settings, CLOCK, egress)
    async with HostileBackend(script, tls=tls) as backend:
        yield Line(transport, backend)
        await transport.close()
        await asyncio.sleep(0.01)


def is_not_sent(exchanged: Exchanged, fault: str) -> bool:
    return (
        exchanged.phase is Phase.BEFORE_SEND
        and not exchanged.held_back
        and exchanged.fault is not None
        and fault in exchanged.fault
    )


@on_each_loop
async def test_verified_backend_is_spoken_to_and_the_connection_is_kept(pki: Pki) -> None:
    async with line(answers(http()), pki.server(), pki.ca_file) as wire:
        for _ in range(3):
            exchanged = await wire.send()
            assert exchanged.phase is Phase.COMPLETE, exchanged.fault
        assert len(wire.backend.peers) == 1
        assert b"Host: casino.example:%d\r\n" % wire.backend.port in wire.backend.requests[0]


@pytest.mark.rule("3.3-not-sent")
@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"valid_until": NOW - DAY / 2}, "certificate has expired"),
        ({"valid_from": NOW + DAY / 2}, "certificate is not yet valid"),
        ({"issuer": None}, "self-signed certificate"),
    ],
)
@on_each_loop
@pytest.mark.security("S24")
async def test_expired_early_and_self_signed_certificates_are_refused(
    pki: Pki, changes: dict[str, object], fault: str
) -> None:
    async with line(answers(http()), pki.server(**changes), pki.ca_file) as wire:
        exchanged = await wire.send()
        assert is_not_sent(exchanged, fault), exchanged.fault
        assert wire.backend.requests == []
        assert wire.transport.sockets(1) == 0


@pytest.mark.rule("3.3-not-sent")
@on_each_loop
@pytest.mark.security("S24")
async def test_certificate_for_another_name_is_refused(pki: Pki) -> None:
    async with line(answers(http()), pki.server("good.example"), pki.ca_file) as wire:
        exchanged = await wire.send()
        assert is_not_sent(exchanged, "Hostname mismatch"), exchanged.fault
        assert wire.backend.requests == []


@on_each_loop
async def test_name_of_the_callback_url_is_the_one_that_is_verified(pki: Pki) -> None:
    async with line(answers(http()), pki.server("other.example"), pki.ca_file) as wire:
        assert (await wire.send("other.example")).phase is Phase.COMPLETE
        assert (await wire.send(HOST)).phase is Phase.BEFORE_SEND


@pytest.mark.rule("3.3-not-sent")
@on_each_loop
async def test_authority_that_is_not_installed_is_refused(pki: Pki) -> None:
    async with line(answers(http()), pki.server(), None) as wire:
        assert is_not_sent(await wire.send(), "unable to get local issuer certificate")


@pytest.mark.rule("3.3-not-sent")
@on_each_loop
@pytest.mark.security("S24")
async def test_old_versions_of_tls_are_refused(pki: Pki) -> None:
    old = pki.server()
    old.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("ALL:@SECLEVEL=0")
    async with line(answers(http()), old, pki.ca_file) as wire:
        exchanged = await wire.send()
        assert is_not_sent(exchanged, "casino.example"), exchanged.fault
        assert wire.backend.requests == []


@pytest.mark.rule("3.3-not-sent")
@on_each_loop
async def test_backend_without_tls_is_not_sent_to(pki: Pki) -> None:
    async def plain(peer: Peer) -> None:
        await peer.send(http())
        await peer.until_ended()

    async with line(plain, None, pki.ca_file) as wire:
        exchanged = await wire.send()
        assert is_not_sent(exchanged, "TLS with casino.example"), exchanged.fault


@pytest.mark.rule("3.3-not-sent", "3.3-deadline-total")
@on_each_loop
async def test_handshake_that_never_ends_is_not_sent_at_the_deadline(pki: Pki) -> None:
    async with line(says_nothing, None, pki.ca_file) as wire:
        exchanged = await wire.send(seconds=0.1)
        assert is_not_sent(exchanged, "in time"), exchanged.fault
        assert wire.transport.sockets(1) == 0


@pytest.mark.rule("3.3-not-sent")
@on_each_loop
async def test_handshake_that_breaks_off_is_not_sent(pki: Pki) -> None:
    async def breaks_off(peer: Peer) -> None:
        peer.reset()

    async with line(breaks_off, None, pki.ca_file) as wire:
        exchanged = await wire.send()
        assert is_not_sent(exchanged, "casino.example"), exchanged.fault


@pytest.mark.rule("3.3-close-after-irregularity", "3.3-sent-after-one-byte")
@on_each_loop
async def test_broken_reply_over_tls_ends_the_connection(pki: Pki) -> None:
    async with line(answers(http() + http()), pki.server(), pki.ca_file) as wire:
        exchanged = await wire.send()
        assert exchanged.phase is Phase.SENT
        assert wire.transport.sockets(1) == 0


@on_each_loop
async def test_parting_word_of_tls_ends_a_reply_without_a_length(pki: Pki) -> None:
    async def closes(peer: Peer) -> None:
        await peer.request()
        await peer.send(http(length=None))
        peer.close()

    async with line(closes, pki.server(), pki.ca_file) as wire:
        exchanged = await wire.send()
        assert exchanged.phase is Phase.COMPLETE
        assert exchanged.notes == (TOLD_BY_CLOSING,)
        assert wire.transport.sockets(1) == 0


@pytest.mark.rule("3.3-no-reuse-after-fin")
@on_each_loop
async def test_parting_word_of_tls_ends_the_idle_connection(pki: Pki) -> None:
    async def parts(peer: Peer) -> None:
        await peer.request()
        await peer.send(http())
        await asyncio.sleep(0.03)
        peer.close()

    async with line(parts, pki.server(), pki.ca_file) as wire:
        assert (await wire.send()).phase is Phase.COMPLETE
        async with asyncio.timeout(2):
            while wire.transport.sockets(1):  # noqa: ASYNC110 - a connection's end is no event
                await asyncio.sleep(0.005)
        assert (await wire.send()).phase is Phase.COMPLETE
        assert len(wire.backend.peers) == 2
