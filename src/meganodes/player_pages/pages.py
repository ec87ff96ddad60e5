"""What the answers of this door share: headers that let nothing of a link leak, and plain pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from meganodes.player_pages.rendering import closed_page
from meganodes.player_pages.texts import Topic, language_asked, language_of

PAGE_HEADERS: Final[Mapping[str, str]] = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'"
    ),
    "referrer-policy": "no-referrer",
    "vary": "sec-purpose, purpose, accept-language",
    "x-content-type-options": "nosniff",
}
"""Pages may be framed: casinos open games inside their own pages, these included."""

ASSET_HEADERS: Final[Mapping[str, str]] = {
    "cache-control": "public, max-age=3600",
    "x-content-type-options": "nosniff",
}


def page(html: str, status: int = 200) -> Response:
    """Answer with a page."""
    return Response(html, status_code=status, headers=PAGE_HEADERS, media_type="text/html")


def launch_closed(
    request: Request,
    topic: Topic,
    status: int,
    *,
    return_url: str = "",
    lang: int | None = None,
) -> Response:
    """Say why a game does not open, in the language of its launch if that is known."""
    language = language_of(lang, request.headers.get("accept-language", ""))
    return page(closed_page(topic, language, _safe_link(return_url)), status)


def round_closed(request: Request, topic: Topic, status: int) -> Response:
    """Say why a round is not shown."""
    return page(closed_page(topic, reader_language(request), ""), status)


def reader_language(request: Request) -> str:
    """Give the language the reader chose on the page, or else that of the browser."""
    accept_language = request.headers.get("accept-language", "")
    return language_asked(request.query_params.get("lang", ""), accept_language)


def _safe_link(return_url: str) -> str:
    """Give the address if a link to it can only lead to a web page, else nothing."""
    return return_url if return_url.lower().startswith(("http://", "https://")) else ""
