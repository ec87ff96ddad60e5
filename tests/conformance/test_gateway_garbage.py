"""Everything a hostile backend may answer, for each command, through the whole line and a socket.

What counts: garbage is never booked as anything, and the connection is never used again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from meganodes.callbacks.egress import Egress
from meganodes.callbacks.gateway import AgentView, Attempt, HttpGateway, Lane
from meganodes.callbacks.reader import TOLD_BY_CLOSING
from meganodes.callbacks.settings import CallbackSettings
from meganodes.callbacks.transport import HttpTransport
from meganodes.domain.outcome import Accepted, Phase, Unknown
from meganodes.kit.clock import SystemClock
from meganodes.kit.identity import SeededIdentity
from meganodes.protocol.commands import Command
from tests.support.callback_urls import NameService
from tests.support.calls import a_call, a_view
from tests.support.hostile_backend import PLAIN_REPLY, HostileBackend, Peer, chunked, http
from tests.support.hostile_replies import BAD_BALANCES, BROKEN, GARBAGE

SETTINGS = CallbackSettings(allow_private_targets=True)
OTHER_STATUS = {
    f"status {status}": http(start=b"HTTP/1.1 %d X" % status)
    for status in (*range(201, 207), *range(300, 309), *range(400, 430), *range(500, 512), 999)
}
ENCODED = {
    f"encoding {name}": http(PLAIN_REPLY, headers=(b"Content-Encoding: " + name.encode(),))
    for name in ("gzip", "br", "zstd", "deflate", "gzip, gzip", "x-gzip", "compress", "unknown")
}
CUT_OFF = {f"cut after {size}": http()[:size] for size in (0, 1, 8, 12, 17, 60, 90, 130)}
WIRE = (
    BROKEN
    | OTHER_STATUS
    | ENCODED
    | CUT_OFF
    | {f"body: {name}": http(body) for name, body in GARBAGE.items()}
    | {f"chunked body: {name}": chunked(GARBAGE[name]) for name in ("HTML", "cut off", "a list")}
)


class Line:
    """A gateway with a backend that answers each connection with the bytes it is given."""

    def __init__(self) -> None:
        self.raw = b""
        self.backend = HostileBackend(self._answer)
        egress = Egress(SETTINGS.egress_rules(), NameService())
        self.transport = HttpTransport(SETTINGS, SystemClock(), egress)
        self.gateway = HttpGateway(
            self.transport, egress, SystemClock(), SeededIdentity(1), SETTINGS
        )

    async def _answer(self, peer: Peer) -> None:
        if await peer.request():
            await peer.send(self.raw)
            peer.finish()
            await peer.until_ended()

    async def ask(self, raw: bytes, command: Command) -> Attempt:
        """Send one callback and have it answered so."""
        self.raw = raw
        agent: AgentView = a_view(callback_url=self.backend.url)
        return await self.gateway.send(agent, a_call(command, lane=Lane.TEST))


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    opened = Line()
    async with opened.backend:
        yield opened
        await opened.gateway.close()
        await asyncio.sleep(0.002)


def test_corpus_is_as_large_as_it_has_to_be() -> None:
    assert len(WIRE) >= 150


@pytest.mark.rule(
    "3.3-total-reading", "3.3-close-after-irregularity", "3.3-unparsable", "3.3-status-not-200"
)
@pytest.mark.parametrize("command", list(Command))
async def test_garbage_is_never_taken_for_an_answer(line: Line, command: Command) -> None:
    for name, raw in WIRE.items():
        attempt = await line.ask(raw, command)
        assert isinstance(attempt.outcome, Unknown), f"{name}: {attempt.outcome}"
        assert attempt.outcome.reason.isprintable(), name
        assert attempt.phase in {Phase.SENT, Phase.COMPLETE}, name
        assert len(attempt.reply_bytes) <= 65_536, name
        assert line.transport.sockets(1) == 0, f"{name}: the connection must be over"
    assert len(line.backend.requests) == len(WIRE), "each was on the wire once"


@pytest.mark.parametrize("command", list(Command))
async def test_reply_told_by_closing_is_never_taken_for_one_when_it_was_cut(
    line: Line, command: Command
) -> None:
    """A JSON object that was cut is no JSON, so that the close may tell the end of a reply."""
    for size in range(len(PLAIN_REPLY)):
        attempt = await line.ask(http(PLAIN_REPLY[:size], length=None), command)
        assert isinstance(attempt.outcome, Unknown), f"cut after {size}: {attempt.outcome}"
        assert attempt.result == -1
    for name, body in GARBAGE.items():
        attempt = await line.ask(http(body, length=None), command)
        assert isinstance(attempt.outcome, Unknown), f"{name}: {attempt.outcome}"
    assert line.transport.sockets(1) == 0


@pytest.mark.rule("3.5-every-attempt-kept")
async def test_bet_whose_reply_was_told_by_closing_is_accepted_with_a_note(line: Line) -> None:
    attempt = await line.ask(http(length=None, start=b"HTTP/1.0 200 OK"), Command.BET)
    assert attempt.outcome == Accepted(balance_minor=10_000)
    assert attempt.notes == (TOLD_BY_CLOSING, 'data has extra keys, ignored: "account"')
    assert line.transport.sockets(1) == 0


@pytest.mark.rule("3.3-data-fault-bet", "3.3-data-fault-win-cancel")
@pytest.mark.parametrize("command", list(Command))
async def test_unusable_balance_is_a_success_of_what_is_owed_only(
    line: Line, command: Command
) -> None:
    for name, body in BAD_BALANCES.items():
        attempt = await line.ask(http(body), command)
        if command in {Command.WIN, Command.CANCEL}:
            assert attempt.outcome == Accepted(balance_minor=None), name
            assert attempt.faults, name
        elif command is not Command.STATUS:
            assert isinstance(attempt.outcome, Unknown), f"{name}: {attempt.outcome}"
