"""The port through which a certification reaches the backend, and what goes through it.

On the command line it is `direct.py`; inside the hub it is the guarded transport of callbacks, so
that an operator's certification can reach no address that a callback could not.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One POST to the callback URL. The transport adds Host, Content-Length and Connection."""

    headers: tuple[tuple[str, str], ...]
    """Names in the exact casing of the wire."""
    body: bytes
    timeout_seconds: float
    """When the transport stops waiting: a little later than the hub, to tell how late it is."""
    new_connection: bool = False
    """Whether it must not go over a connection that was used before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete HTTP response, whatever is in it."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    duration_seconds: float
    """From the first byte sent, or the start of connecting, to the last byte read."""
    reused_connection: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """No complete response came; what the backend did is unknown unless nothing was sent."""

    sentence: str
    """Why, for people, with a full stop."""
    duration_seconds: float
    sent: bool = True
    """Whether a byte of the request may have left."""


class Transport(Protocol):
    """Carries requests to one callback URL. Many may be under way at the same time."""

    async def send(self, request: Request) -> Answer | NoAnswer:
        """Send once, follow nothing, repeat nothing; never raises for what the backend does."""
