"""Opening connections: to the checked address alone, with verified TLS (reliability 3.9, S24)."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.callbacks.dial import SocketLink, dial_tcp, tls_context
from meganodes.callbacks.egress import BadTarget
from tests.support.hostile_backend import HostileBackend, says_nothing


@pytest.fixture
async def backend() -> AsyncIterator[HostileBackend]:
    async with HostileBackend(says_nothing) as listening:
        yield listening


async def test_socket_is_connected_to_the_address_without_delay(backend: HostileBackend) -> None:
    with await dial_tcp("127.0.0.1", backend.port) as connected:
        assert connected.getpeername() == ("127.0.0.1", backend.port)
        assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1
        assert not connected.getblocking()


async def test_ipv6_address_is_dialled_as_such() -> None:
    async with HostileBackend(says_nothing, host="::1") as listening:
        with await dial_tcp("::1", listening.port) as connected:
            assert SocketLink(connected, "0:0:0:0:0:0:0:1").address == "0:0:0:0:0:0:0:1"


@pytest.mark.rule("3.3-not-sent")
async def test_refused_connection_is_an_error_of_the_system() -> None:
    async with HostileBackend(says_nothing) as listening:
        port = listening.port
    with pytest.raises(ConnectionRefusedError):
        await dial_tcp("127.0.0.1", port)


async def test_link_to_another_address_than_the_checked_one_is_refused(
    backend: HostileBackend,
) -> None:
    with (
        await dial_tcp("127.0.0.1", backend.port) as connected,
        pytest.raises(BadTarget, match=r"93\.184\.216\.34 leads to another address"),
    ):
        SocketLink(connected, "93.184.216.34")


def connected_pair() -> tuple[socket.socket, socket.socket]:
    """Return the two ends of a TCP connection."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ours = socket.create_connection(listening.getsockname())
        theirs, _ = listening.accept()
    return ours, theirs


@pytest.mark.rule("3.3-no-reuse-after-fin")
async def test_link_sees_bytes_and_fin_that_wait_in_the_socket() -> None:
    ours, theirs = connected_pair()
    with ours, theirs:
        link = SocketLink(ours, "127.0.0.1")
        assert link.is_silent()
        theirs.send(b"x")
        assert not link.is_silent()
        assert ours.recv(1) == b"x", "looking takes nothing away"
        assert link.is_silent()
        theirs.shutdown(socket.SHUT_WR)
        assert not link.is_silent()


async def test_link_of_a_closed_socket_is_not_silent() -> None:
    ours, theirs = connected_pair()
    with theirs:
        link = SocketLink(ours, "127.0.0.1")
        ours.close()
        assert not link.is_silent()


@pytest.mark.rule("3.3-no-reuse-after-fin")
async def test_link_sees_that_the_other_end_has_broken_the_connection() -> None:
    ours, theirs = connected_pair()
    with ours:
        link = SocketLink(ours, "127.0.0.1")
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        theirs.close()  # by a RST
        assert not link.is_silent()


def test_tls_is_verified_and_at_least_version_1_2() -> None:
    context = tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert context.keylog_filename is None


def test_environment_cannot_have_the_keys_written_down(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tls_context.cache_clear()
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    assert tls_context().keylog_filename is None


def test_ca_file_that_is_not_there_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        tls_context(tmp_path / "missing.pem")


async def test_cancelled_dial_leaves_no_socket_open() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        filling = [asyncio.ensure_future(dial_tcp("127.0.0.1", port)) for _ in range(4)]
        await asyncio.sleep(0.05)
        waiting = [task for task in filling if not task.done()]
        for task in waiting:
            task.cancel()
        ends = await asyncio.gather(*filling, return_exceptions=True)
        assert waiting, "the queue of the listener is full"
        for end in ends:
            if isinstance(end, socket.socket):
                end.close()
