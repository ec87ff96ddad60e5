"""The outermost layer: an X-Request-Id for every answer, and a defect becomes one 500."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders

from meganodes.kit.logging import bound_fields, get_logger
from meganodes.main_api.v4.errors import DEFECT, fault_response

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from meganodes.kit.identity import Identity

REQUEST_ID_HEADER = "x-request-id"
_REQUEST_ID_BYTES = 16
_KEPT_REQUEST_ID = re.compile(r"[!-~](?:[ -~]{0,62}[!-~])?", re.ASCII)
_log = get_logger(__name__)


class Correlation:
    """ASGI layer. A caller's own request id is kept when it has 1 to 64 printable characters."""

    def __init__(self, app: ASGIApp, *, identity: Identity) -> None:
        """Wrap an app; the identity makes request ids."""
        self._app = app
        self._identity = identity

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; other protocols pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = scope["request_id"] = self._request_id(scope)
        with bound_fields(request_id=request_id):
            await self._served(scope, receive, _Answering(send, request_id))

    def _request_id(self, scope: Scope) -> str:
        sent = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        if _KEPT_REQUEST_ID.fullmatch(sent):
            return sent
        return self._identity.token_bytes(_REQUEST_ID_BYTES).hex()

    async def _served(self, scope: Scope, receive: Receive, answering: _Answering) -> None:
        try:
            await self._app(scope, receive, answering)
        except Exception:  # noqa: BLE001 - the one handler of this door (style 4)
            _log.exception("call_failed", method=scope["method"], path=scope["path"])
            if not answering.has_begun:
                await fault_response(DEFECT)(scope, receive, answering)


class _Answering:
    """Passes an answer on, with the request id among its headers."""

    def __init__(self, send: Send, request_id: str) -> None:
        self._send = send
        self._request_id = request_id
        self.has_begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.has_begun = True
            MutableHeaders(raw=message["headers"])[REQUEST_ID_HEADER] = self._request_id
        await self._send(message)
