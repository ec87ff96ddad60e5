"""Turning answers into bytes without holding up the event loop, where bets are waiting.

Lists are compressed and nothing else is: they hold no secret and repeat nothing of the request. An
answer that does hold one (a launch address, a signed link) goes out as it is, and its length says
nothing about it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar

from starlette.datastructures import Headers
from starlette.responses import Response

from meganodes.kit.content_coding import Accepted, Coding, accepted, compressed
from meganodes.main_api.v4.envelope import HEADERS, Answer, body_of
from meganodes.protocol.codes import ApiCode

COMPRESSED_BYTES_MIN: Final = 1024
"""Below this compression saves no packet."""

ROWS_INLINE_MAX: Final = 100
"""Longer lists are written in the thread: 2,000 transactions take 20 ms and more."""

VARY: Final = "Accept-Encoding"

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Writer:
    """Writes answers. Long work runs in one thread: it may wait, the event loop may not."""

    def __init__(self) -> None:
        """Start nothing; the thread begins with the first long work."""
        self._thread = ThreadPoolExecutor(1, "main-api-writing")

    async def run(self, work: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """Do a piece of work in the thread, after what came before it."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, lambda: work(*args, **kwargs))

    async def response(self, answer: Answer, headers: Headers) -> Response:
        """Write an answer for a request with these headers."""
        rows = _rows_of(answer.data) if answer.code is ApiCode.OK else None
        if rows is None:
            return ok_response(body_of(answer))
        wanted = accepted_by(headers)
        if len(rows) > ROWS_INLINE_MAX:
            return await self.run(_list_response, answer, wanted)
        return _list_response(answer, wanted)


def accepted_by(headers: Headers) -> Accepted:
    """Read what the caller takes; several lines of the field are one list."""
    lines = headers.getlist("accept-encoding")
    return accepted(", ".join(lines) if lines else None)


def ok_response(body: bytes, headers: Mapping[str, str] | None = None) -> Response:
    """Make the response of written bytes."""
    return Response(body, headers={**HEADERS, **(headers or {})}, media_type="application/json")


def _list_response(answer: Answer, wanted: Accepted) -> Response:
    body = body_of(answer)
    if len(body) < COMPRESSED_BYTES_MIN and wanted.takes_identity:
        return ok_response(body, {"vary": VARY})
    return ok_response(compressed(body, wanted.coding), coding_headers(wanted.coding))


def coding_headers(coding: Coding) -> dict[str, str]:
    """Give the headers that go with a body in a coding."""
    if coding is Coding.IDENTITY:
        return {"vary": VARY}
    return {"vary": VARY, "content-encoding": coding.value}


def _rows_of(data: object) -> Sequence[object] | None:
    """Give the rows of a list, plain or with its totals around it; None for all other data."""
    rows = data.get("list") if isinstance(data, Mapping) else data
    return rows if isinstance(rows, list) else None
