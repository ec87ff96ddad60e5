"""Bytes of requests and replies as people read them: exact, harmless, and without secrets."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from meganodes.kit.masking import MASK, masked_bytes
from meganodes.kit.plain_text import visible
from meganodes.protocol.wire import CALLBACK_TOKEN_HEADER, WEBHOOK_SIGNATURE_HEADER

if TYPE_CHECKING:
    from meganodes.directory.records import Agent

_SECRET_NAMES: Final = frozenset({CALLBACK_TOKEN_HEADER.lower(), WEBHOOK_SIGNATURE_HEADER.lower()})
_UNSAID_NAMES: Final = frozenset({"host", "content-length", WEBHOOK_SIGNATURE_HEADER.lower()})


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request or a reply taken apart. ``headers`` are (name, value), secrets masked."""

    first_line: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    @property
    def body_text(self) -> str:
        """The body as text."""
        return shown(self.body)

    @property
    def text(self) -> str:
        """All of it, as it went over the wire."""
        lines = [self.first_line, *(f"{name}: {value}" for name, value in self.headers)]
        return "\n".join(lines) + "\n\n" + self.body_text


def message_of(raw: bytes) -> Message | None:
    """Take what was sent or came back apart; None when there was nothing.

    The log keeps bytes that are masked already; those of earlier versions are masked here.
    """
    if not raw:
        return None
    raw = masked_bytes(raw)
    head, _, body = raw.partition(b"\r\n\r\n")
    first_line, *lines = head.split(b"\r\n")
    return Message(
        first_line=shown(first_line), headers=tuple(_header(line) for line in lines), body=body
    )


def _header(line: bytes) -> tuple[str, str]:
    name, _, value = shown(line).partition(":")
    masked = MASK if name.strip().lower() in _SECRET_NAMES else value.strip()
    return name, masked


def shown(raw: bytes) -> str:
    r"""Write bytes as text: what is no UTF-8 as \xNN, what nobody could see by its number."""
    text = raw.decode("utf-8", "backslashreplace").replace("\r\n", "\n")
    return visible(text, lines=True)


def as_curl(request: Message, agent: Agent) -> str:
    """Write a request as a command for a shell; the token has to be filled in by hand."""
    method, _, rest = request.first_line.partition(" ")
    path = rest.rpartition(" ")[0]
    host = next((value for name, value in request.headers if name.lower() == "host"), "")
    scheme = agent.callback_url.partition("://")[0]
    parts = [f"curl -X {shlex.quote(method)} {shlex.quote(f'{scheme}://{host}{path}')}"]
    parts += [
        f"-H {shlex.quote(f'{name}: {value}')}"
        for name, value in request.headers
        if name.lower() not in _UNSAID_NAMES
    ]
    parts.append(f"--data-binary {shlex.quote(request.body_text)}")
    return " \\\n  ".join(parts)
