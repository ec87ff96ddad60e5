"""What is visited in the benchmark of the Back Office, made from the list of its pages, and how.

A visit is one request to the office's own ASGI application, with no socket in between: what it
takes is the server's time, from the request to the last byte of the answer.
"""

from __future__ import annotations

import asyncio
import re
import sqlite3
import time
from collections.abc import Iterator, Mapping, MutableMapping
from collections.abc import Set as AbstractSet
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from starlette.applications import Starlette

from benchmarks.office_journal import account_of
from meganodes.backoffice.app import make_office_routes
from meganodes.backoffice.cookies import SESSION_COOKIE
from meganodes.backoffice.office import OFFICE_PATH, Office
from meganodes.backoffice.page import Method
from meganodes.backoffice.pages import PAGES
from meganodes.backoffice.permissions import Right
from meganodes.directory.staff_records import Stage
from meganodes.kit.secrets import Secret

AGENT_ID: Final = 1
LIVE: Final = "/a/{agent_id}/log/live"
EXPORT: Final = "/a/{agent_id}/transactions.csv"
_PARAMETER: Final = re.compile(r"\{([a-z_]+)(?::[a-z]+)?\}")
_WELL: Final = frozenset({200, 303})


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A page and what is asked of it; ``path`` and ``query`` still have their parameters."""

    path: str
    query: str

    @property
    def name(self) -> str:
        """Name it for a table."""
        return f"{self.path}{'?' if self.query else ''}{self.query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """One visit: its status, the bytes of the answer, and the server's time in milliseconds.

    ``cpu_ms`` is processor time of the whole process, its reader threads included.
    """

    status: int
    size: int
    milliseconds: float
    cpu_ms: float


_TRANSACTIONS: Final = (
    "",
    "period=31d",
    "period=all",
    "period=all&state=parked",
    "period=all&state=void",
    "period=all&user={user_code}",
    "period=all&user={account}",
    "period=31d&min=999.50&max=999.99",
    "period=all&type=win&min=999.99",
    "period=all&provider=7&game=game-007",
    "period=all&round={round_id}",
    "period=31d&before={trans_id}",
    "id={trans_id}",
    "id={guid}",
    "id={transaction_id}",
    "id=nothing-has-this-id",
)
_SEARCH: Final = (
    "",
    "q=casino-0777",
    "q=casino",
    "q={user_code}",
    "q={account}",
    "q={gplay_id}",
    "q={trans_id}",
    "q={guid}",
    "q={guid}-c",
    "q={transaction_id}",
    "q={round_id}",
    "q={attempt_id}",
    "q=nothing-has-this-id",
)
QUERIES: Final[Mapping[str, tuple[str, ...]]] = {
    "/agents": ("", "after=950", "q=casino-09", "state=suspended"),
    "/audit": ("", "who=member", "tag=block", "target=user:{user_code}", "before=1000", "check=0"),
    "/search": _SEARCH,
    "/welcome": ("code={code}",),
    "/a/{agent_id}/dashboard": ("", "range=6h", "range=7d", "range=30d"),
    "/a/{agent_id}/transactions": _TRANSACTIONS,
    EXPORT: ("period=31d", "period=all&state=parked"),
    "/a/{agent_id}/users": ("", "q=player-0", "q={user_code}", "after={account}"),
    "/a/{agent_id}/errors": ("", "range=1h", "range=90d", "range=90d&command=win"),
    "/a/{agent_id}/log": (
        "",
        "outcome=not-accepted",
        "outcome=refused",
        "outcome=notsent",
        "command=cancel",
        "status=500",
        "account={account}",
        "account=nobody",
        "transaction={guid}",
        "transaction={transaction_id}",
        "before={attempt_id}",
    ),
    "/a/{agent_id}/open-work": ("", "parked_after={parked_id}"),
}
"""What is asked of a page besides nothing; filters that find much, little and nothing at all."""


def samples(database: Path) -> dict[str, str]:
    """Take what pages are asked for out of a filled journal: a user's transaction of the middle."""
    with closing(sqlite3.connect(database)) as connection:
        ((middle,),) = connection.execute(
            "SELECT (min(trans_id) + max(trans_id)) / 2 FROM transactions"
        )
        found = connection.execute(
            "SELECT trans_id, user_code, provider_id, round_id, guid, transaction_id, gplay_id "
            "FROM transactions WHERE trans_id >= ? AND agent_id = ? ORDER BY trans_id LIMIT 1",
            (middle, AGENT_ID),
        ).fetchone()
        ((attempt_id,),) = connection.execute(
            "SELECT min(attempt_id) FROM attempts WHERE attempt_id >= ? AND agent_id = ?",
            (middle, AGENT_ID),
        )
        ((parked_id,),) = connection.execute(
            "SELECT min(trans_id) FROM transactions WHERE state = 'parked' AND agent_id = ?",
            (AGENT_ID,),
        )
    names = ("trans_id", "user_code", "provider_id", "round_id", "guid", "transaction_id")
    values = dict(zip((*names, "gplay_id"), map(str, found), strict=True))
    return values | {
        "agent_id": str(AGENT_ID),
        "account": account_of(int(values["user_code"])),
        "attempt_id": str(attempt_id),
        "parked_id": str(parked_id or 0),
        "cause": "no-reply-in-time",
    }


class Visitor:
    """Somebody with a session (or without) in front of an office."""

    def __init__(self, office: Office, session: Secret | None, parameters: dict[str, str]) -> None:
        """Stand before this office."""
        self._app = Starlette(routes=make_office_routes(office))
        self._parameters = parameters
        cookie = b"" if session is None else f"{SESSION_COOKIE}={session.reveal()}".encode()
        self._headers = [(b"host", b"hub.example.com"), (b"cookie", cookie)]

    def shapes(self, stage: Stage | None, rights: AbstractSet[Right]) -> Iterator[Shape]:
        """Give what can be asked of pages by somebody who signed in so far and has these rights."""
        for page in PAGES:
            is_open = page.stage is stage and (page.right is None or page.right in rights)
            if page.method is Method.GET and is_open:
                for query in QUERIES.get(page.path, ("",)):
                    yield Shape(path=page.path, query=query)

    async def visit(self, shape: Shape) -> Visited:
        """Ask once. A file is read to its first part, a stream until it begins."""
        path = OFFICE_PATH + self._fill(shape.path)
        answer = _Answer(ends_with={LIVE: "head", EXPORT: "part"}.get(shape.path, "all"))
        live = [(b"accept", b"text/event-stream")] if shape.path == LIVE else []
        scope = _scope(path, self._fill(shape.query), [*self._headers, *live])
        started, cpu_started = time.perf_counter(), time.process_time()
        serving = asyncio.ensure_future(self._app(scope, answer.receive, answer.send))
        ending = asyncio.ensure_future(answer.ended.wait())
        await asyncio.wait({serving, ending}, return_when=asyncio.FIRST_COMPLETED)
        milliseconds = (time.perf_counter() - started) * 1_000
        cpu_ms = (time.process_time() - cpu_started) * 1_000
        answer.leave()
        ending.cancel()
        await serving
        if answer.status not in _WELL:
            raise VisitFault(f"{shape.name} answered {answer.status}")
        return Visited(
            status=answer.status, size=answer.size, milliseconds=milliseconds, cpu_ms=cpu_ms
        )

    def _fill(self, text: str) -> str:
        return _PARAMETER.sub(lambda found: self._parameters[found[1]], text)


class VisitFault(Exception):
    """A page did not answer as it should; the text names it."""


class _Answer:
    """The receiving end of one request."""

    def __init__(self, ends_with: str) -> None:
        self.status = 0
        self.size = 0
        self.ended = asyncio.Event()
        self._left = asyncio.Event()
        self._was_asked = False
        self._ends_with = ends_with

    def leave(self) -> None:
        """Close the connection."""
        self._left.set()

    async def receive(self) -> dict[str, Any]:
        if not self._was_asked:
            self._was_asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            came = self._ends_with == "head"
        else:
            self.size += len(message.get("body", b""))
            is_last = not message.get("more_body", False)
            came = is_last or (self._ends_with == "part" and self.size > 0)
        if came:
            self.ended.set()


def _scope(path: str, query: str, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "https",
        "path": path,
        "raw_path": quote(path).encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("203.0.113.9", 4711),
        "server": ("hub.example.com", 443),
    }
