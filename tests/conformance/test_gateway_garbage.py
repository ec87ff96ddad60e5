"""Everything a hostile backend may answer, for each command, through the whole line and a socket.

What counts: garbage is never booked as anything, every answer has exactly its class, the connection
is never used again, and no answer takes much memory (reliability 3.5).
"""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from meganodes.callbacks.egress import Egress
from meganodes.callbacks.gateway import AgentView, Attempt, HttpGateway, Lane
from meganodes.callbacks.reader import TOLD_BY_CLOSING
from meganodes.callbacks.settings import CallbackSettings
from meganodes.callbacks.transport import HttpTransport
from meganodes.domain.outcome import (
    Accepted,
    Duplicate,
    NotSeen,
    NotSent,
    Phase,
    Refused,
    Unknown,
)
from meganodes.kit.clock import SystemClock
from meganodes.kit.identity import SeededIdentity
from meganodes.protocol.commands import Command
from tests.support.callback_urls import NameService
from tests.support.calls import ACCOUNT, a_call, a_view
from tests.support.hostile_backend import PLAIN_REPLY, HostileBackend, Peer, http
from tests.support.hostile_replies import GARBAGE
from tests.support.hostile_wire import CLASSES, LATE, NAMED, NEVER, Case, quick

SETTINGS = CallbackSettings(allow_private_targets=True)
HURRIED = CallbackSettings(allow_private_targets=True, deadline_seconds=dict.fromkeys(Command, 2.0))
MEMORY_MAX_BYTES = 8 * 1024 * 1024
LETTERS = {Refused: "R", Duplicate: "D", NotSeen: "N", NotSent: "-", Unknown: "U"}


class Line:
    """A gateway with a backend that does on each connection what the present case says."""

    def __init__(self, settings: CallbackSettings) -> None:
        self.case = Case(play=b"")
        self.backend = HostileBackend(self._play)
        egress = Egress(settings.egress_rules(), NameService())
        self.transport = HttpTransport(settings, SystemClock(), egress)
        self.gateway = HttpGateway(
            self.transport, egress, SystemClock(), SeededIdentity(1), settings
        )

    async def _play(self, peer: Peer) -> None:
        await self.case.script()(peer)

    async def ask(self, case: Case | bytes, command: Command) -> Attempt:
        """Send one callback and have it answered so."""
        self.case = Case(play=case) if isinstance(case, bytes) else case
        agent: AgentView = a_view(callback_url=self.backend.url)
        call = a_call(command, lane=Lane.TEST)
        if self.case.pad_bytes:
            pad = b"x" * self.case.pad_bytes
            call = a_call(command, lane=Lane.TEST, data=b'{"account":"%b"}' % pad)
        return await self.gateway.send(agent, call)

    async def is_over(self) -> bool:
        """Wait until no connection is left."""
        async with asyncio.timeout(5):
            while self.transport.sockets(1):  # noqa: ASYNC110 - an end that is no event here
                await asyncio.sleep(0.001)
        return True


@asynccontextmanager
async def a_line(settings: CallbackSettings = SETTINGS) -> AsyncIterator[Line]:
    opened = Line(settings)
    async with opened.backend:
        yield opened
        await opened.gateway.close()
        await asyncio.sleep(0.002)


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    async with a_line() as opened:
        yield opened


@pytest.fixture
def traced() -> Iterator[None]:
    """Count every byte that Python takes."""
    tracemalloc.start()
    yield
    tracemalloc.stop()


def letter(command: Command, attempt: Attempt) -> str:
    """Give the class of an attempt as the corpus writes it."""
    outcome = attempt.outcome
    if not isinstance(outcome, Accepted):
        return LETTERS[type(outcome)]
    if command is Command.STATUS:
        return "A" if outcome.trans_status else "?"
    return "B" if outcome.balance_minor is None else "A"


def test_corpus_is_as_large_as_it_has_to_be() -> None:
    cases = {**quick(), **LATE}
    assert len(cases) == len(quick()) + len(LATE)
    assert len([case for case in cases.values() if case.says == NEVER]) >= 150
    for case in cases.values():
        assert len(case.says.split()) == len(Command)
        assert set(case.says.split()) <= CLASSES.keys()


@pytest.mark.parametrize("item", NAMED)
def test_every_item_of_the_programme_is_in_the_corpus(item: str) -> None:
    assert NAMED[item]
    assert set(NAMED[item]) <= {*quick(), *LATE}


def hold(name: str, command: Command, case: Case, attempt: Attempt) -> None:
    """Compare what became of a case with what the corpus says."""
    assert letter(command, attempt) == case.means(command), f"{name}: {attempt.outcome}"
    assert attempt.phase in {Phase.SENT, Phase.COMPLETE}, name
    assert len(attempt.reply_bytes) <= 65_536, name
    if isinstance(attempt.outcome, Unknown):
        assert attempt.outcome.reason.isprintable(), name


@pytest.mark.rule(
    "3.3-total-reading", "3.3-close-after-irregularity", "3.3-unparsable", "3.3-status-not-200"
)
@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("command", list(Command))
async def test_every_answer_has_exactly_its_class_and_garbage_none(
    line: Line, command: Command
) -> None:
    most = 0
    for name, case in quick().items():
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        attempt = await line.ask(case, command)
        _, peak = tracemalloc.get_traced_memory()
        hold(name, command, case, attempt)
        if isinstance(attempt.outcome, Unknown):
            assert line.transport.sockets(1) == 0, f"{name}: the connection must be over"
        assert await line.is_over(), name
        if not case.pad_bytes:
            most = max(most, peak - before)
            assert most <= MEMORY_MAX_BYTES, name
    whole = [case for case in quick().values() if not case.pad_bytes]
    assert len(line.backend.requests) == len(whole), "each was on the wire once"
    assert most > 65_536, "what was measured was the memory of answers"


@pytest.mark.rule("3.3-incomplete-at-deadline", "3.3-deadline-total")
@pytest.mark.parametrize("name", LATE)
async def test_what_is_not_whole_at_the_deadline_is_unknown(name: str) -> None:
    async def one(command: Command) -> None:
        async with a_line(HURRIED) as line:
            attempt = await line.ask(LATE[name], command)
            hold(name, command, LATE[name], attempt)
            assert isinstance(attempt.outcome, Unknown)
            assert "nothing complete at the deadline" in attempt.outcome.reason
            assert line.transport.sockets(1) == 0

    await asyncio.gather(*map(one, Command))


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
@pytest.mark.parametrize("command", [Command.WIN, Command.CANCEL])
async def test_unusable_balance_of_what_is_owed_is_noted(line: Line, command: Command) -> None:
    for name, case in quick().items():
        if case.means(command) == "B":
            attempt = await line.ask(case, command)
            assert attempt.outcome == Accepted(balance_minor=None), name
            assert attempt.faults, name
            assert ACCOUNT not in " ".join(attempt.faults), name
