"""/docs: the reference for people, and the documents it is made from, for programs.

Everything comes from this hub and nothing else may be asked: the page works without the internet,
and calls that are tried on it, tokens in them, reach this hub only.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from importlib.resources import files
from string import Template
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meganodes.main_api.reference.assets import Asset, unpacked
from meganodes.main_api.reference.documents import document_json
from meganodes.main_api.v4.writing import Writer

DOCS_PATH: Final = "/docs"
_MAIN: Final = f"{DOCS_PATH}/openapi.json"
_PROVIDER: Final = f"{DOCS_PATH}/provider-openapi.json"
SCALAR: Final = "scalar-api-reference-1.72.1.js"

_PAGE_HEADERS: Final[Mapping[str, str]] = {
    "cache-control": "no-cache",
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "referrer-policy": "no-referrer",
}
"""The page builds its styles at run time, hence 'unsafe-inline'; scripts are files of ours only."""

_FRESH: Final = {"cache-control": "no-cache"}
_FOR_EVER: Final = {"cache-control": "public, max-age=31536000, immutable"}
_JSON: Final = "application/json"
_SCRIPT: Final = "text/javascript"


def make_routes() -> list[Route]:
    """Make the routes of pages, documents and the files of the pages."""
    writer = Writer()
    return [
        Route(path, _answering(asset, writer), methods=["GET"], name=path)
        for path, asset in _assets().items()
    ]


def _answering(asset: Asset, writer: Writer) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        return await asset.response(request.headers, writer)

    return answer


def _assets() -> dict[str, Asset]:
    script, icon = _static("reference.js"), _static("icon.svg")
    return {
        DOCS_PATH: _page("MegaNodes Main API", _MAIN),
        f"{DOCS_PATH}/provider": _page("MegaNodes Provider API", _PROVIDER),
        _MAIN: _document("main"),
        _PROVIDER: _document("provider"),
        f"{DOCS_PATH}/reference.js": Asset(read=script, media_type=_SCRIPT, headers=_FRESH),
        f"{DOCS_PATH}/icon.svg": Asset(read=icon, media_type="image/svg+xml", headers=_FRESH),
        f"{DOCS_PATH}/{SCALAR}": _vendored(SCALAR),
    }


def _page(title: str, document: str) -> Asset:
    read = _static("page.html")

    def page() -> bytes:
        words = {"title": title, "document": document, "scalar": SCALAR}
        return Template(read().decode()).substitute(words).encode()

    return Asset(read=page, media_type="text/html", headers=_PAGE_HEADERS)


def _document(api: str) -> Asset:
    return Asset(read=partial(document_json, api), media_type=_JSON, headers=_FRESH)


def _vendored(name: str) -> Asset:
    """Take a file that is stored in brotli; its name has its version, so it never changes."""
    read = _static(f"vendor/{name}.br")
    return Asset(read=lambda: unpacked(read()), brotli=read, media_type=_SCRIPT, headers=_FOR_EVER)


def _static(name: str) -> Callable[[], bytes]:
    return files(__package__).joinpath("static", *name.split("/")).read_bytes
