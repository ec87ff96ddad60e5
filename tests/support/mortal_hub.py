"""The hub, started so that it kills itself at a named point of its work (reliability 3.2).

``MORTAL_AT`` names the point, ``MORTAL_COUNT`` its how manieth passing is the last; where it died
is added to the file ``MORTAL_LOG``. It dies by SIGKILL, so that nothing is tidied up behind it.
"""

from __future__ import annotations

import os
import re
import runpy
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from meganodes.callbacks.connection import Connection
from meganodes.callbacks.exchange import Exchange, Exchanged
from meganodes.callbacks.transport import HttpTransport
from meganodes.domain.transaction import Kind, Move, State
from meganodes.journal.postgres import PostgresJournal
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.store import Change, CommitResult, Committed

POINTS = (
    "P3 intent",
    "P4 bet sent",
    "P6 bet answered",
    "P7 bet decided",
    "W2 win recorded",
    "W4 win sent",
    "W7 win credited",
    "C1 cancel decided",
    "C2 claim",
    "C3 cancel sent",
    "C4 cancel confirmed",
)
"""What a bet, a win and an owed cancel pass through; each has a moment before and one after."""

_COMMAND = re.compile(rb'"command"\s*:\s*"([a-z]+)"')
_SENT = {"bet": "P4 bet sent", "win": "W4 win sent", "cancel": "C3 cancel sent"}


class Fate:
    """Counts the passings of one point and ends the process at the last."""

    def __init__(self, point: str, count: int, log: Path) -> None:
        self._point = point
        self._left = count
        self._log = log

    def passing(self, points: set[str], moment: str) -> None:
        """Die when one of these points, at this moment, is the named one and its time has come."""
        if self._point not in {f"{moment} {point}" for point in points}:
            return
        self._left -= 1
        if self._left == 0:
            with self._log.open("a") as written:
                written.write(f"{self._point}\n")
            os.kill(os.getpid(), signal.SIGKILL)


def points_of(change: Change) -> set[str]:
    """Name the points that the commit of this change is."""
    found = {_of_move(move) for move in change.moves}
    for insert in change.inserts:
        if insert.row.kind is Kind.BET and insert.row.state is State.PENDING:
            found.add("P3 intent")
        if insert.row.kind is Kind.WIN and insert.row.state is State.OWED:
            found.add("W2 win recorded")
    return found - {""}


def _of_move(move: Move) -> str:
    before, after = move.before.state, move.after.state
    if before is State.PENDING and after is State.ACCEPTED:
        return "P7 bet decided"
    if after is State.CREDITED and before is not State.CREDITED:
        return "W7 win credited"
    if after is State.CANCELLING and before is not State.CANCELLING:
        return "C1 cancel decided"
    if after is State.CANCELLED and before is not State.CANCELLED:
        return "C4 cancel confirmed"
    return ""


def be_mortal(fate: Fate) -> None:
    """Let the stores and the transport of this process pass the points."""
    for store in (SqliteJournal, PostgresJournal):
        store.commit = _commit(fate, store.commit)  # type: ignore[method-assign, assignment]
        store.claim = _claim(fate, store.claim)  # type: ignore[method-assign, assignment]
    HttpTransport.send = _send(fate, HttpTransport.send)  # type: ignore[method-assign, assignment]
    Connection.start = _start(fate, Connection.start)  # type: ignore[method-assign]
    Connection.data_received = _received(fate, Connection.data_received)  # type: ignore[method-assign]


def _commit(fate: Fate, commit: Any) -> Callable[..., Awaitable[CommitResult]]:  # noqa: ANN401 - a method
    async def passing(store: object, change: Change) -> CommitResult:
        points = points_of(change)
        fate.passing(points, "before")
        result: CommitResult = await commit(store, change)
        if isinstance(result, Committed):
            fate.passing(points, "after")
        return result

    return passing


def _claim(fate: Fate, claim: Any) -> Callable[..., Awaitable[Any]]:  # noqa: ANN401 - a method
    async def passing(store: object, agent_id: int, **wanted: int) -> Any:  # noqa: ANN401 - its rows
        fate.passing({"C2 claim"}, "before")
        rows = await claim(store, agent_id, **wanted)
        if rows:
            fate.passing({"C2 claim"}, "after")
        return rows

    return passing


def _send(fate: Fate, send: Any) -> Callable[..., Awaitable[Exchanged]]:  # noqa: ANN401 - a method
    async def passing(transport: object, exchange: Exchange) -> Exchanged:
        point = _sending(exchange.body)
        fate.passing({point}, "before")
        exchanged: Exchanged = await send(transport, exchange)
        if point == "P4 bet sent":
            fate.passing({"P6 bet answered"}, "after")
        return exchanged

    return passing


def _start(fate: Fate, start: Any) -> Callable[..., Any]:  # noqa: ANN401 - a method
    def passing(connection: Connection, request: bytes, deadline: float) -> Any:  # noqa: ANN401 - its future
        waiter = start(connection, request, deadline)
        point = _sending(request)
        _ASKED[connection] = point
        fate.passing({point}, "after")
        return waiter

    return passing


_ASKED: dict[Connection, str] = {}
"""What each connection was asked last."""


def _received(fate: Fate, received: Any) -> Callable[..., None]:  # noqa: ANN401 - a method
    def passing(connection: Connection, data: bytes) -> None:
        if _ASKED.get(connection) == "P4 bet sent":
            fate.passing({"P6 bet answered"}, "before")
        received(connection, data)

    return passing


def _sending(request: bytes) -> str:
    found = _COMMAND.search(request)
    return "" if found is None else _SENT.get(found[1].decode(), "")


if __name__ == "__main__":
    be_mortal(
        Fate(
            os.environ["MORTAL_AT"],
            int(os.environ["MORTAL_COUNT"]),
            Path(os.environ["MORTAL_LOG"]),
        )
    )
    runpy.run_module("meganodes", run_name="__main__", alter_sys=True)
