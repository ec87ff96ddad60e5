"""Where a player's browser arrives: a launch link opens its game once, or a page says why not.

The link is the only credential here, so nothing of it may leak (no referrer, no store), and nothing
but a real visit may use it up: not HEAD, not a prefetch (contract 4, sessions).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Final, assert_never

from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from meganodes.directory.records import Launch, LaunchFault, LaunchFaultReason
from meganodes.hub.launch import (
    LAUNCH_PATH,
    NotPlayable,
    OpenedGame,
    look_at_launch,
    open_launch,
)
from meganodes.kit.logging import get_logger
from meganodes.player_pages.rendering import STYLE_PATH, closed_page, style_sheet
from meganodes.player_pages.texts import Topic, language_of

if TYPE_CHECKING:
    from starlette.requests import Request

    from meganodes.hub.core import Hub

PAGE_HEADERS: Final[Mapping[str, str]] = {
    "cache-control": "no-store",
    "content-security-policy": (
        "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'"
    ),
    "referrer-policy": "no-referrer",
    "vary": "sec-purpose, purpose, accept-language",
    "x-content-type-options": "nosniff",
}
"""Pages may be framed: casinos open games inside their own pages, this one included."""

_GONE: Final = 410
_UNAVAILABLE: Final = 503
_FAILED: Final = 500
_USER_CODE: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_TOKEN_CHARACTERS_MAX: Final = 128
_ADVANCE_VISIT: Final = re.compile(r"\b(prefetch|prerender|preview)\b", re.IGNORECASE)
_PURPOSE_HEADERS: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_TOPICS: Final = {
    LaunchFaultReason.USED: Topic.USED,
    LaunchFaultReason.EXPIRED: Topic.EXPIRED,
    LaunchFaultReason.UNKNOWN: Topic.UNKNOWN,
}
_log = get_logger(__name__)


def make_routes(hub: Hub) -> list[Route]:
    """Make the routes of the launch link and of its page's style sheet."""
    return [
        Route(LAUNCH_PATH, _answering(hub), methods=["GET"], name="launch"),
        Route(STYLE_PATH, _give_style_sheet, methods=["GET"], name="launch-style"),
    ]


def _answering(hub: Hub) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await _open(hub, request)
        except Exception:  # noqa: BLE001 - the one handler of this door (style 4)
            _log.exception("launch_failed")
            return _page(request, Topic.FAILED, _FAILED)

    return answer


async def _open(hub: Hub, request: Request) -> Response:
    user_code = request.query_params.get("user_code", "")
    g_token = request.query_params.get("g_token", "")
    if not _USER_CODE.fullmatch(user_code) or len(g_token) > _TOKEN_CHARACTERS_MAX:
        return _page(request, Topic.UNKNOWN, _GONE)
    is_visit = request.method == "GET" and not _is_in_advance(request)
    judge = open_launch if is_visit else look_at_launch
    found = await judge(hub, int(user_code), g_token)
    match found:
        case OpenedGame(location=location):
            return RedirectResponse(location, status_code=302, headers=PAGE_HEADERS)
        case Launch():
            return _not_yet(request)
        case NotPlayable(return_url=return_url, lang=lang):
            return _page(request, Topic.CLOSED, _UNAVAILABLE, return_url=return_url, lang=lang)
        case LaunchFault(reason=reason, return_url=return_url, lang=lang):
            return _page(request, _TOPICS[reason], _GONE, return_url=return_url or "", lang=lang)
        case _:
            assert_never(found)


def _is_in_advance(request: Request) -> bool:
    """Say whether a browser only prepares for a visit that may never come."""
    return any(
        _ADVANCE_VISIT.search(value)
        for name in _PURPOSE_HEADERS
        for value in request.headers.getlist(name)
    )


def _not_yet(request: Request) -> Response:
    """Answer a look at a good link: HEAD is told so, a prefetch must not be kept for the visit."""
    status = 200 if request.method == "HEAD" else _UNAVAILABLE
    return Response(status_code=status, headers=PAGE_HEADERS, media_type="text/html")


def _page(
    request: Request,
    topic: Topic,
    status: int,
    *,
    return_url: str = "",
    lang: int | None = None,
) -> Response:
    language = language_of(lang, request.headers.get("accept-language", ""))
    page = closed_page(topic, language, _safe_link(return_url))
    return Response(page, status_code=status, headers=PAGE_HEADERS, media_type="text/html")


def _safe_link(return_url: str) -> str:
    """Give the address if a link to it can only lead to a web page, else nothing."""
    return return_url if return_url.lower().startswith(("http://", "https://")) else ""


async def _give_style_sheet(_request: Request) -> Response:
    headers = {"cache-control": "public, max-age=3600", "x-content-type-options": "nosniff"}
    return Response(style_sheet(), headers=headers, media_type="text/css")
