"""What the toy casino received and answered, byte for byte: for the tour, tests and the curious."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass

from meganodes.protocol.wire import JsonError, load_json

_KEPT = 20_000
_TOKEN_HEADER = b"callback-token:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a callback is about, read without judging it; "" where it does not say."""

    command: str
    account: str
    transaction_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One callback: everything that came over the socket, and the body that was sent back.

    ``status`` None: the connection was cut instead of an answer.
    """

    number: int
    at_ms: int
    duration_ms: int
    subject: Subject
    request: bytes
    status: int | None
    reply: bytes
    fault: str | None


class CallbackLog:
    """The newest callbacks, and for every transaction how often it was on the wire."""

    def __init__(self) -> None:
        self._received: deque[Received] = deque(maxlen=_KEPT)
        self._arrivals: Counter[tuple[str, str]] = Counter()
        self.count = 0

    def arrived(self, subject: Subject) -> int:
        """Count a callback at its arrival, whatever becomes of it, and return its number."""
        self.count += 1
        self._arrivals[subject.command, subject.transaction_id] += 1
        return self.count

    def keep(self, received: Received) -> None:
        """Keep a callback that has been answered or cut."""
        self._received.append(received)

    def newest(self, command: str | None = None, after: int = 0) -> tuple[Received, ...]:
        """Return the kept callbacks with a number above ``after``, oldest first."""
        return tuple(
            received
            for received in self._received
            if received.number > after and command in {None, received.subject.command}
        )

    def arrivals(self, command: str) -> dict[str, int]:
        """Return how often each transaction id arrived with this command."""
        return {name: times for (kind, name), times in self._arrivals.items() if kind == command}


def subject_of(body: bytes) -> Subject:
    """Read what a callback is about; never raises."""
    try:
        envelope = load_json(body)
    except JsonError:
        envelope = None
    outer = envelope if isinstance(envelope, Mapping) else {}
    data = outer.get("data")
    inner: Mapping[str, object] = data if isinstance(data, Mapping) else {}
    return Subject(
        command=_text(outer.get("command")),
        account=_text(inner.get("account")),
        transaction_id=_text(inner.get("trans_guid", inner.get("trans_id"))),
    )


def masked(request: bytes) -> str:
    """Return a request as text, with the value of Callback-Token made unreadable."""
    head, separator, body = request.partition(b"\r\n\r\n")
    lines = [
        line[: len(_TOKEN_HEADER)] + b" ****" if line.lower().startswith(_TOKEN_HEADER) else line
        for line in head.split(b"\r\n")
    ]
    return (b"\r\n".join(lines) + separator + body).decode("utf-8", "replace")


def _text(value: object) -> str:
    return str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
