"""Sends pages and their files under a policy that lets nothing in from elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse, Response
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'"
)
_SEALED: Final[Mapping[str, str]] = {
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}


def page(html: str, *, status: int = 200, may_be_framed: bool = False) -> HTMLResponse:
    """Send a page. Casinos show games inside their own pages; nothing else may be framed."""
    policy = _POLICY if may_be_framed else f"{_POLICY}; frame-ancestors 'none'"
    headers = {**_SEALED, "cache-control": "no-store", "content-security-policy": policy}
    return HTMLResponse(html, status_code=status, headers=headers)


def files_of(path: str, folder: Path) -> Mount:
    """Serve a folder of style, scripts and art; a browser asks each time whether it changed."""
    return Mount(path, _Files(directory=folder), name=path.strip("/"))


def shared_files() -> Mount:
    """Serve what all pages of the toys use."""
    return files_of("/look", Path(__file__).parent / "static")


class _Files(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update({**_SEALED, "cache-control": "no-cache"})
        return response
