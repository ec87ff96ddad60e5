"""The port to the network: one request handed over, what became of it handed back.

A transport decides nothing about money. It tells how far the request got, and it never follows,
repeats or repairs anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, Protocol

import msgspec

from meganodes.callbacks.egress import Target
from meganodes.domain.outcome import Phase
from meganodes.protocol.replies import HttpReply
from meganodes.protocol.wire import CALLBACK_TOKEN_HEADER, WEBHOOK_SIGNATURE_HEADER

MASK: Final = "****"
REPLY_BYTES_KEPT: Final = 65_536
"""Of what came back, this much is kept for the API log (contract 3.5)."""

_MASKED_NAMES: Final = frozenset({CALLBACK_TOKEN_HEADER, WEBHOOK_SIGNATURE_HEADER})


class Headers:
    """Header lines in their order and casing, rendered once.

    ``wire`` goes to the socket. ``stored`` is made from the same parts with the mask in place of
    the token and the signature, so that no secret has to be found and removed afterwards.
    Iterating gives the pairs of name and value as they are sent.
    """

    __slots__ = ("stored", "wire")

    def __init__(self, *, wire: bytes, stored: bytes) -> None:
        """Take lines that are rendered already, each with its line end."""
        self.wire = wire
        self.stored = stored

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Headers:
        """Render pairs of name and value; a value that is not printable ASCII: ValueError."""
        lines = list(pairs)
        if not all(_is_plain(name) and _is_plain(value) for name, value in lines):
            raise ValueError("a header must be printable ASCII")
        return cls(
            wire=_lines(lines),
            stored=_lines(
                (name, MASK if name in _MASKED_NAMES else value) for name, value in lines
            ),
        )

    def __add__(self, other: Headers) -> Headers:
        """Return these lines followed by the others."""
        return Headers(wire=self.wire + other.wire, stored=self.stored + other.stored)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        """Give the pairs that are sent."""
        for line in self.wire.decode("ascii").splitlines():
            name, _, value = line.partition(": ")
            yield name, value

    def __repr__(self) -> str:
        """Show the stored form only."""
        return f"Headers({self.stored!r})"


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable()


def _lines(pairs: Iterable[tuple[str, str]]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in pairs).encode("ascii")


def is_ok(reply: HttpReply) -> bool:
    """Tell whether a reply is clean by its HTTP status alone."""
    return reply.status == 200  # noqa: PLR2004 - HTTP's own number


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """One request. ``deadline`` and ``first_byte_before`` are moments of the monotonic clock.

    ``is_clean`` is asked once about a complete reply; unless it says yes the connection is not
    used again, whatever the backend wishes (contract 3.3).
    """

    agent_id: int
    target: Target
    headers: Headers
    body: bytes
    deadline: float
    first_byte_before: float | None = None
    is_clean: Callable[[HttpReply], bool] = is_ok

    def request_bytes(self) -> bytes:
        """Return what goes to the socket. It holds secrets: never store or log it."""
        return self._around(self.headers.wire)

    def stored_bytes(self) -> bytes:
        """Return the copy for the API log, with the secrets masked."""
        return self._around(self.headers.stored)

    def _around(self, lines: bytes) -> bytes:
        return b"%b%bContent-Length: %d\r\n\r\n%b" % (
            self.target.request_head,
            lines,
            len(self.body),
            self.body,
        )


class Exchanged(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one request.

    BEFORE_SEND: provably not one byte was handed to a socket; ``held_back`` tells whether the hub
    itself decided so (a refused address, too late, closing down) and not the network. SENT: no
    reply that is complete and within the limits; ``fault`` says what is wrong, in one sentence.
    COMPLETE: ``reply`` is there; ``notes`` say what was tolerated about how it came.
    ``reply_bytes`` are the bytes as they came, head included, as far as they are kept.
    """

    phase: Phase
    fault: str | None = None
    reply: HttpReply | None = None
    request_bytes: bytes = b""
    reply_bytes: bytes = b""
    peer_address: str | None = None
    duration_ms: int = 0
    held_back: bool = False
    notes: tuple[str, ...] = ()


class Transport(Protocol):
    """Carries one exchange; every trouble of network or backend comes back as a value."""

    async def send(self, exchange: Exchange) -> Exchanged:
        """Send once, wait for the reply until the deadline, and tell what happened."""

    async def close(self) -> None:
        """End every connection; what is asked for afterwards is held back."""
