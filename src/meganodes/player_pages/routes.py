"""The players' door: its paths, and the one handler for whatever goes wrong behind it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING

from starlette.responses import Response
from starlette.routing import Route

from meganodes.hub.launch import LAUNCH_PATH
from meganodes.hub.round_page import ROUND_PATH
from meganodes.kit.logging import get_logger
from meganodes.player_pages import launch, round_door
from meganodes.player_pages.pages import ASSET_HEADERS, launch_closed, round_closed
from meganodes.player_pages.rendering import ICON_PATH, STYLE_PATH, icon, style_sheet
from meganodes.player_pages.texts import Topic

if TYPE_CHECKING:
    from starlette.requests import Request

    from meganodes.hub.core import Hub

_FAILED = 500
_log = get_logger(__name__)

Serving = Callable[["Request"], Awaitable[Response]]


def make_routes(hub: Hub) -> list[Route]:
    """Make the routes of launch links and rounds' pages, and of what the pages consist of."""
    opened = _guarded(partial(launch.visit, hub), _launch_failed)
    shown = _guarded(partial(round_door.visit, hub), _round_failed)
    return [
        Route(LAUNCH_PATH, opened, methods=["GET"], name="launch"),
        Route(ROUND_PATH, shown, methods=["GET"], name="round"),
        Route(STYLE_PATH, _give_style_sheet, methods=["GET"], name="page-style"),
        Route(ICON_PATH, _give_icon, methods=["GET"], name="page-icon"),
    ]


def _guarded(serve: Serving, failed: Callable[[Request], Response]) -> Serving:
    async def answer(request: Request) -> Response:
        try:
            return await serve(request)
        except Exception:  # noqa: BLE001 - the one handler of this door (style 4)
            _log.exception("page_failed", path=request.url.path)
            return failed(request)

    return answer


def _launch_failed(request: Request) -> Response:
    return launch_closed(request, Topic.FAILED, _FAILED)


def _round_failed(request: Request) -> Response:
    return round_closed(request, Topic.ROUND_FAILED, _FAILED)


async def _give_style_sheet(_request: Request) -> Response:
    return Response(style_sheet(), headers=ASSET_HEADERS, media_type="text/css")


async def _give_icon(_request: Request) -> Response:
    return Response(icon(), headers=ASSET_HEADERS, media_type="image/svg+xml")
