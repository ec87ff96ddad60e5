"""HTTP by httpx, which is imported when somebody asks for it and not before."""

from __future__ import annotations

import importlib
from typing import Any

from meganodes.sdk.client.conversation import Came, NothingCame, Send
from meganodes.sdk.client.errors import HttpLibraryMissing
from meganodes.sdk.client.place import HubPlace

_LIBRARIES = ("httpx", "httpx2")


class AsyncLine:
    """Sends requests to one hub. ``timeout_seconds`` is the longest silence that is borne."""

    def __init__(self, place: HubPlace, timeout_seconds: float) -> None:
        """Import the library. Raises HttpLibraryMissing."""
        self._place = place
        self._timeout_seconds = timeout_seconds
        self._library = _library()
        self._kept = self._client()

    async def send(self, sending: Send) -> Came | NothingCame:
        """Send once and give what came."""
        if not sending.fresh:
            return await self._exchange(self._kept, sending)
        async with self._client() as once:
            return await self._exchange(once, sending)

    async def close(self) -> None:
        """Close all connections."""
        await self._kept.aclose()

    async def _exchange(self, client: Any, sending: Send) -> Came | NothingCame:  # noqa: ANN401 - httpx's
        library = self._library
        try:
            response = await client.post(
                self._place.url + sending.path, content=sending.body, headers=dict(sending.headers)
            )
        except (library.ConnectError, library.ConnectTimeout, library.PoolTimeout) as error:
            return NothingCame(reason=f"the hub cannot be reached: {_said(error)}", sent=False)
        except (library.TransportError, library.DecodingError) as error:
            return NothingCame(reason=f"no complete answer came: {_said(error)}", sent=True)
        headers = {name.lower(): value for name, value in response.headers.items()}
        headers.pop("content-encoding", None)  # the library has unpacked the body
        return Came(status=response.status_code, headers=headers, body=response.content)

    def _client(self) -> Any:  # noqa: ANN401 - httpx's
        return self._library.AsyncClient(
            timeout=self._timeout_seconds, follow_redirects=False, trust_env=False
        )


def _library() -> Any:  # noqa: ANN401 - a module that may not be there
    for name in _LIBRARIES:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError:
            continue
    raise HttpLibraryMissing


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
