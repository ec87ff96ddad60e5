"""Style sheets, scripts and icons: served from the package under names that carry their content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from markupsafe import Markup
from starlette.responses import Response

from meganodes.backoffice.headers import SECURITY_HEADERS
from meganodes.backoffice.office import OFFICE_PATH

if TYPE_CHECKING:
    from starlette.requests import Request

ASSETS_PATH: Final = "/static"
_MEDIA_TYPES: Final[Mapping[str, str]] = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "woff2": "font/woff2",
}
ASSETS: Final = (
    "chart.js",
    "export.js",
    "office.css",
    "office.js",
    "theme.js",
    "vendor/tabler.min.css",
    "vendor/uplot.min.css",
    "vendor/uplot.min.js",
)
"""Every file that a page may ask for; nothing else of the package can be read from outside."""

_FOR_A_YEAR: Final = {"cache-control": "public, max-age=31536000, immutable"}
_STATIC: Final = files(__package__).joinpath("static")


@cache
def content(name: str) -> bytes:
    """Read an asset."""
    return _STATIC.joinpath(*name.split("/")).read_bytes()


@cache
def asset_url(name: str) -> str:
    """Return where an asset is found; the address changes with its content."""
    assert name in ASSETS, f"{name} is not an asset"
    version = hashlib.sha256(content(name)).hexdigest()[:12]
    return f"{OFFICE_PATH}{ASSETS_PATH}/{version}/{name}"


@cache
def icon(name: str) -> Markup:
    """Return an icon as inline SVG, hidden from screen readers: text stands beside it."""
    text = _STATIC.joinpath("icons", f"{name}.svg").read_text("utf-8")
    return Markup(text)  # noqa: S704 - files of our own package


async def give_asset(request: Request) -> Response:
    """Answer with an asset; an unknown name or an old version is 404."""
    name = request.path_params["name"]
    if name not in ASSETS or request.url.path != asset_url(name):
        return Response(status_code=404, headers=dict(SECURITY_HEADERS))
    media_type = _MEDIA_TYPES[name.rpartition(".")[2]]
    headers = {**SECURITY_HEADERS, **_FOR_A_YEAR}
    return Response(content(name), headers=headers, media_type=media_type)
