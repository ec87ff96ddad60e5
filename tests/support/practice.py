"""Practice backends certified without sockets, on a loop in which waiting takes no time."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Final

from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import Agreed, Asked
from meganodes.certification.faulty.serving import BackendServer
from meganodes.certification.report import Report
from meganodes.certification.runner import run
from meganodes.certification.target import Target
from meganodes.certification.transport import Answer, NoAnswer, Request
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Revision
from meganodes.protocol.currency import currency
from tests.support.virtual_time import VirtualClock, VirtualLoop

TOKEN: Final = "mnc_practice-callback-token"
ACCOUNT: Final = "Ada_Practice"
BLOCKED_ACCOUNT: Final = "Bob_Blocked"
BALANCE_MINOR: Final = 50_000
URL: Final = "https://practice.example/callback"

_ON_THE_WAY_SECONDS: Final = 0.005
_KEPT_SECONDS: Final = 3.0


class StraightLine:
    """Hands requests to a backend as a transport does; connections are numbers."""

    def __init__(self, backend: HonestBackend, clock: VirtualClock) -> None:
        self._backend = backend
        self._clock = clock
        self._numbers = count(1)
        self._idle: list[tuple[int, float]] = []

    async def send(self, request: Request) -> Answer | NoAnswer:
        began = self._clock.monotonic()
        number, reused = self._connection(request)
        headers = {name.lower(): value for name, value in request.headers}
        asked = Asked(headers=headers, body=request.body, connection=number)
        try:
            async with asyncio.timeout(request.timeout_seconds):
                await self._clock.sleep(_ON_THE_WAY_SECONDS)
                reply = await self._backend.answer(asked)
                await self._clock.sleep(_ON_THE_WAY_SECONDS)
        except TimeoutError:
            return self._nothing(f"No complete reply came within {request.timeout_seconds}.", began)
        except OSError:
            return self._nothing("The backend closed the connection without a reply.", began)
        self._idle.append((number, self._clock.monotonic()))
        return Answer(
            status=reply.status,
            headers=reply.headers,
            body=reply.body,
            duration_seconds=self._clock.monotonic() - began,
            reused_connection=reused,
        )

    def _connection(self, request: Request) -> tuple[int, bool]:
        now = self._clock.monotonic()
        while self._idle and not request.new_connection:
            number, since = self._idle.pop()
            if now - since <= _KEPT_SECONDS:
                return number, True
        return next(self._numbers), False

    def _nothing(self, sentence: str, began: float) -> NoAnswer:
        return NoAnswer(sentence=sentence, duration_seconds=self._clock.monotonic() - began)


@contextmanager
def virtual_loop() -> Iterator[VirtualLoop]:
    loop = VirtualLoop()
    try:
        yield loop
    finally:
        loop.end()


def agreed(
    revision: Revision = Revision.GUID,
    duplicates: ResultCode = ResultCode.DUPLICATE,
    code: str = "EUR",
) -> Agreed:
    return Agreed(
        callback_token=TOKEN,
        revision=revision,
        exponent=currency(code).exponent,
        duplicates=duplicates,
    )


def target(revision: Revision = Revision.GUID, *, url: str = URL, code: str = "EUR") -> Target:
    return Target(
        url=url,
        callback_token=TOKEN,
        account=ACCOUNT,
        revision=revision,
        currency=currency(code),
        blocked_account=BLOCKED_ACCOUNT,
    )


def with_accounts(backend: HonestBackend) -> HonestBackend:
    """Open the accounts that `target` names."""
    backend.open_account(ACCOUNT, BALANCE_MINOR)
    backend.open_account(BLOCKED_ACCOUNT, BALANCE_MINOR, active=False)
    return backend


def certified(
    kind: type[HonestBackend], agreement: Agreed, *, seed: int = 1, code: str = "EUR"
) -> Report:
    """Certify a backend from the first case to the last, in no time."""
    with virtual_loop() as loop:
        clock = VirtualClock(loop)
        backend = with_accounts(kind(agreement, clock))
        line = StraightLine(backend, clock)
        play = run(target(agreement.revision, code=code), line, clock, seed=seed)
        return loop.run_until_complete(play)


@contextmanager
def served(backend: HonestBackend) -> Iterator[str]:
    """Serve a backend on a thread of its own, for callers that block; gives its callback URL."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    server = BackendServer(backend)

    def do(work: Coroutine[object, object, object]) -> None:
        asyncio.run_coroutine_threadsafe(work, loop).result()

    do(server.__aenter__())
    try:
        yield server.url
    finally:
        do(server.__aexit__())
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def words_of(report: Report) -> Mapping[str, str]:
    """Give what the verdict on each failed case says to the author, by the case's id."""
    told = {}
    for case in report.findings:
        assert case.finding is not None, "a failed case says why"
        found = case.finding
        told[case.id] = f"{found.expected} {found.came} {found.mistake} {found.mend}"
    return told
