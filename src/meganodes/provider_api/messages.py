"""What the listener hands to the door and gets back: HTTP without any framework.

Named tuples, because one of each is made for every bet.
"""

from __future__ import annotations

from typing import NamedTuple

Headers = list[tuple[bytes, bytes]]
"""Names in lower case, values without blanks around them, in the order of arrival."""


class DoorRequest(NamedTuple):
    """One complete request.

    ``path`` is without the query. ``peer_ip`` is the caller as the listener judges it. With
    ``too_large`` the listener stopped reading at the limit: ``body`` is empty, and the connection
    will be closed.
    """

    method: str
    path: str
    headers: Headers
    body: bytes
    peer_ip: str
    too_large: bool = False


class DoorResponse(NamedTuple):
    """The answer to it; the listener adds `content-length` and, where it must, `connection`."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
