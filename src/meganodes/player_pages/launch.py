"""Where a player's browser arrives: a launch link opens its game once, or a page says why not.

The link is the only credential here, so nothing of it may leak (no referrer, no store), and nothing
but a real visit may use it up: not HEAD, not a prefetch (contract 4, sessions).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, assert_never

from starlette.responses import RedirectResponse, Response

from meganodes.directory.records import Launch, LaunchFault, LaunchFaultReason
from meganodes.hub.launch import NotPlayable, OpenedGame, look_at_launch, open_launch
from meganodes.player_pages.pages import PAGE_HEADERS, launch_closed
from meganodes.player_pages.texts import Topic

if TYPE_CHECKING:
    from starlette.requests import Request

    from meganodes.hub.core import Hub

_GONE: Final = 410
_UNAVAILABLE: Final = 503
_USER_CODE: Final = re.compile(r"[0-9]{1,18}", re.ASCII)
_TOKEN_CHARACTERS_MAX: Final = 128
_ADVANCE_VISIT: Final = re.compile(r"\b(prefetch|prerender|preview)\b", re.IGNORECASE)
_PURPOSE_HEADERS: Final = ("sec-purpose", "purpose", "x-purpose", "x-moz")
_TOPICS: Final = {
    LaunchFaultReason.USED: Topic.USED,
    LaunchFaultReason.EXPIRED: Topic.EXPIRED,
    LaunchFaultReason.UNKNOWN: Topic.UNKNOWN,
}


async def visit(hub: Hub, request: Request) -> Response:
    """Answer a visit: on to the game, or a page that says why not."""
    user_code = request.query_params.get("user_code", "")
    g_token = request.query_params.get("g_token", "")
    if not _USER_CODE.fullmatch(user_code) or len(g_token) > _TOKEN_CHARACTERS_MAX:
        return launch_closed(request, Topic.UNKNOWN, _GONE)
    is_visit = request.method == "GET" and not _is_in_advance(request)
    judge = open_launch if is_visit else look_at_launch
    found = await judge(hub, int(user_code), g_token)
    match found:
        case OpenedGame(location=location):
            return RedirectResponse(location, status_code=302, headers=PAGE_HEADERS)
        case Launch():
            return _not_yet(request)
        case NotPlayable(return_url=return_url, lang=lang):
            return launch_closed(
                request, Topic.CLOSED, _UNAVAILABLE, return_url=return_url, lang=lang
            )
        case LaunchFault(reason=reason, return_url=return_url, lang=lang):
            return launch_closed(
                request, _TOPICS[reason], _GONE, return_url=return_url or "", lang=lang
            )
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
