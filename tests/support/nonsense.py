"""Seeded nonsense for every door of a hub, sent in this process, and what no answer may show (S28).

Nothing that is sent is worded like what is looked for, so whatever is found came from the inside.
"""

from __future__ import annotations

import asyncio
import builtins
import json
import random
import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote_from_bytes

PIECES: Final = (
    b"",
    b"0",
    b"-1",
    b"1",
    b"7",
    b"99999999999999999999999",
    b"1e400",
    b"NaN",
    b"null",
    b"\x00",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"%00",
    b"%s%n{0}${7*7}",
    b"' OR ''='",
    b'"; --',
    b"../../../../etc/passwd",
    b"<b>x</b>",
    b"x" * 4_000,
    "\u202e\u2066\U0001f3b0".encode(),
    b"a=b&a=c",
    b"2026-02-30 25:61:61",
    b"\r\nx-more: 1",
    b"alice",
    b"fruits",
    b"r1",
    b"true",
    b"30d",
)
METHODS: Final = ("GET", "POST", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "NONSENSE")
MEDIA: Final = (
    b"application/json",
    b"application/x-www-form-urlencoded",
    b"multipart/form-data; boundary=x",
    b"text/html; charset=no-such-charset",
    b"\xff/;;",
)
_EXCEPTIONS: Final = sorted(
    {name for name in dir(builtins) if name.endswith("Error")}
    | {"ValidationError", "IntegrityError", "OperationalError", "ProgrammingError"}
    | {"HTTPException", "DirectoryFault", "StaleDataError", "JSONDecodeError", "DecodeError"}
)
INSIDE: Final = re.compile(
    rb"Traceback|File \"|line \d+, in |/site-packages/|/src/meganodes|\.py\b|sqlite3|sqlalchemy"
    rb"|pydantic|msgspec|starlette|no such table|UNIQUE constraint|SELECT .{1,400}\bFROM\b"
    rb"|INSERT INTO|UPDATE \w+ SET|DELETE FROM|0x[0-9a-f]{8,}|<(?:function|class|module|object) "
    rb"|\b(?:" + "|".join(_EXCEPTIONS).encode() + rb")\b"
)


@dataclass(kw_only=True)
class Reply:
    """An answer as it went onto the wire."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def reference(self) -> str:
        return self.headers.get("x-request-id", "")

    def inside(self) -> list[str]:
        """Find words of the inside in head and body."""
        head = "\n".join(f"{name}: {value}" for name, value in self.headers.items()).encode()
        return [found[0].decode() for found in INSIDE.finditer(head + b"\n\n" + self.body)]


@dataclass(frozen=True, kw_only=True)
class Call:
    """A request, good or not."""

    method: str
    path: str
    query: bytes = b""
    headers: tuple[tuple[bytes, bytes], ...] = ()
    body: bytes = b""
    peer: str = "203.0.113.9"

    def scope(self) -> dict[str, Any]:
        """Write it as a server does that let it through."""
        return {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "method": self.method,
            "scheme": "https",
            "path": self.path,
            "raw_path": self.path.encode(errors="replace"),
            "root_path": "",
            "query_string": self.query,
            "headers": [(b"host", b"hub.example.com"), *self.headers],
            "client": (self.peer, 4711),
            "server": ("hub.example.com", 443),
        }


async def ask(app: Any, call: Call) -> Reply:  # noqa: ANN401 - an ASGI app
    """Make a call; who opened a live stream goes away after its first words."""
    reply, gone = Reply(), asyncio.Event()
    sent = [{"type": "http.request", "body": call.body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        if sent:
            return sent.pop()
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:  # noqa: ANN401 - as ASGI
        if message["type"] == "http.response.start":
            reply.status = message["status"]
            reply.headers = {
                name.decode("latin-1"): value.decode("latin-1")
                for name, value in message["headers"]
            }
            if "event-stream" in reply.headers.get("content-type", ""):
                gone.set()
        else:
            reply.body += message.get("body", b"")

    await app(call.scope(), receive, send)
    return reply


class Nonsense:
    """Makes nonsense; the same seed always makes the same."""

    def __init__(self, seed: int) -> None:
        """Start from a seed."""
        self._random = random.Random(seed)  # noqa: S311 - nonsense is no secret

    def one_of(self, choices: Any) -> Any:  # noqa: ANN401 - whatever it is given
        """Choose."""
        return self._random.choice(list(choices))

    def sometimes(self, share: float) -> bool:
        """Throw a coin."""
        return self._random.random() < share

    def piece(self) -> bytes:
        """Make a value: a known one, two of them, or bytes."""
        made = self._random.randrange(4)
        if made == 0:
            return self._random.randbytes(self._random.randrange(24))
        return b"".join(self._random.choices(PIECES, k=1 if made < 3 else 2))

    def text(self) -> str:
        """Make a value that is text."""
        return self.piece().decode(errors="replace")

    def path(self, pattern: str, known: dict[str, str]) -> str:
        """Fill the parameters of a path, now and then with what is there."""

        def value(found: re.Match[str]) -> str:
            name = found[1]
            return known[name] if name in known and self.sometimes(0.6) else self.text() or "x"

        return re.sub(r"\{([a-z_]+)(?::[a-z]+)?\}", value, pattern)

    def form(self, fields: tuple[str, ...], more: dict[str, str]) -> bytes:
        """Write a form of these fields."""
        told = {name: self.piece() for name in fields if self.sometimes(0.9)}
        if self.sometimes(0.1):
            told[self.text()[:40]] = self.piece()
        pairs = [*((name, value.encode()) for name, value in more.items()), *told.items()]
        written = (
            quote_from_bytes(name.encode(errors="replace")) + "=" + quote_from_bytes(value)
            for name, value in pairs
        )
        return "&".join(written).encode()

    def json(self, fields: tuple[str, ...], known: dict[str, object]) -> bytes:
        """Write JSON of these fields, or nearly."""
        made = self._random.randrange(8)
        if made == 0:
            return self.piece()
        if made == 1:
            return b"[" * 3_000 + b"]" * self._random.randrange(3_000)
        told = {name: self._value(name, known) for name in fields if self.sometimes(0.9)}
        written = json.dumps(told, ensure_ascii=self.sometimes(0.5)).encode(errors="replace")
        return written[: self._random.randrange(len(written) + 1)] if made == 2 else written

    def _value(self, name: str, known: dict[str, object]) -> object:
        if name in known and self.sometimes(0.6):
            return known[name]
        return self.one_of((self.text(), 0, -1, 7, 10**30, 1.5, None, True, [], {}, [self.text()]))

    def headers(self) -> tuple[tuple[bytes, bytes], ...]:
        """Make headers that servers let through."""
        names = (b"x-request-id", b"accept-language", b"accept", b"range", b"if-none-match")
        more = (b"x-forwarded-for", b"referer", b"accept-encoding", b"content-length", b"cookie")
        told = [(self.one_of(names + more), self.piece()) for _ in range(self._random.randrange(3))]
        return tuple((name, re.sub(rb"[\r\n\x00]", b"", value)) for name, value in told)
