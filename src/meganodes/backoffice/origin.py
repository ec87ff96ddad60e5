"""Whether a form was sent from a page of our own (S13)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.requests import Request

_OWN = frozenset({"same-origin", "none"})


def is_own_origin(request: Request) -> bool:
    """Judge by Sec-Fetch-Site, which scripts cannot set, else by Origin; one of them must be there.

    "none" is a person who typed the address or pressed reload.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site in _OWN
    origin = request.headers.get("origin")
    if origin is None:
        return False
    return urlsplit(origin).netloc.lower() == request.headers.get("host", "").lower()
