"""The Back Office as an ASGI app: its routes come from the list of pages and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.routing import BaseRoute, Mount, Route

from meganodes.backoffice.answers import show_error
from meganodes.backoffice.assets import ASSETS_PATH, give_asset
from meganodes.backoffice.door import Door
from meganodes.backoffice.headers import SECURITY_HEADERS
from meganodes.backoffice.office import OFFICE_PATH
from meganodes.backoffice.page import AnyPage, Visit
from meganodes.backoffice.pages import PAGES

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from meganodes.backoffice.office import Office

_NOT_FOUND: Final = 404


def make_office_routes(office: Office) -> list[BaseRoute]:
    """Make the routes below /office."""
    door = Door(office)

    async def no_such_page(request: Request, _error: Exception) -> Response:
        visit = Visit(office=office, request=request, address="unknown")
        return show_error(visit, _NOT_FOUND)

    routes = [_route(door, page) for page in PAGES]
    asset = Route(ASSETS_PATH + "/{version}/{name:path}", give_asset, methods=["GET"])
    app = Starlette(routes=[*routes, asset], exception_handlers={HTTPException: no_such_page})
    app.router.redirect_slashes = False
    return [
        Route(OFFICE_PATH, _to_the_start, methods=["GET"], name="office-start"),
        Mount(OFFICE_PATH, app=app, name="office"),
    ]


async def _to_the_start(_request: Request) -> Response:
    return RedirectResponse(f"{OFFICE_PATH}/", status_code=308, headers=SECURITY_HEADERS)


def _route(door: Door, page: AnyPage) -> Route:
    name = f"{page.method} {page.path}"
    return Route(page.path, door.answering(page), methods=[page.method], name=name)
