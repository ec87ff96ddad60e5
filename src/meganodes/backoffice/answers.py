"""From what a page answers to an HTTP response, with the headers that every one of them carries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, assert_never

from starlette.responses import HTMLResponse, RedirectResponse, Response, StreamingResponse

from meganodes.backoffice import cookies
from meganodes.backoffice.headers import NOT_KEPT, SECURITY_HEADERS
from meganodes.backoffice.messages import listed, say
from meganodes.backoffice.page import Answer, Download, GoTo, Live, Missing, Show
from meganodes.backoffice.rendering import page_html

if TYPE_CHECKING:
    from meganodes.backoffice.page import Visit
    from meganodes.kit.secrets import Secret

_HEADERS = {**SECURITY_HEADERS, **NOT_KEPT}
_SECONDS_SHOWN_MAX = 120
_TITLES = {
    403: listed("Not allowed"),
    404: listed("Not found"),
    413: listed("Too much"),
    422: listed("Not accepted"),
    429: listed("Too often"),
    500: listed("Something went wrong"),
}


def respond(visit: Visit, title: str, answer: Answer) -> Response:
    """Make the response."""
    match answer:
        case Show(template=template, values=values, status=status):
            shown = str(values.get("title") or say(title))
            made: Response = HTMLResponse(
                page_html(visit, shown, template, values), status, headers=_HEADERS
            )
            if cookies.take_toast(visit.request) is not None:
                cookies.forget_toast(made)
            _keep(made, answer.token)
        case GoTo(path=path, toast=toast, tone=tone):
            made = RedirectResponse(path, status_code=303, headers=_HEADERS)
            if toast:
                cookies.set_toast(made, tone, toast)
            _keep(made, answer.token)
        case Download(name=name, media_type=media_type, parts=parts):
            disposition = {"content-disposition": f'attachment; filename="{name}"'}
            made = StreamingResponse(
                parts, headers={**_HEADERS, **disposition}, media_type=media_type
            )
        case Live(events=events):
            made = StreamingResponse(
                _as_stream(visit, events),
                headers={**_HEADERS, "x-accel-buffering": "no"},
                media_type="text/event-stream",
            )
        case Missing():
            made = show_error(visit, 404)
        case _:
            assert_never(answer)
    return made


def _keep(made: Response, token: Secret | None) -> None:
    if token is not None and token.reveal():
        cookies.set_session(made, token.reveal())
    elif token is not None:
        cookies.forget_session(made)


def show_error(visit: Visit, status: int, *, reference: str = "") -> Response:
    """Show the page of an error: what it means and what to do, never why inside."""
    return _error_page(visit, status, {"reference": reference})


def show_too_often(visit: Visit, wait_seconds: int) -> Response:
    """Show that something was used too often, and when it may be used again (S19)."""
    minutes = -(-wait_seconds // 60)
    wait = f"{minutes} min" if wait_seconds > _SECONDS_SHOWN_MAX else f"{wait_seconds} s"
    made = _error_page(visit, 429, {"wait": wait})
    made.headers["retry-after"] = str(wait_seconds)
    return made


def _error_page(visit: Visit, status: int, values: dict[str, object]) -> Response:
    known = {"status": status, "reference": "", "wait": ""} | values
    html = page_html(visit, say(_TITLES[status]), "error.html", known)
    return HTMLResponse(html, status, headers=_HEADERS)


async def _as_stream(visit: Visit, events: AsyncIterator[tuple[str, str]]) -> AsyncIterator[bytes]:
    """Write server-sent events until there are no more, or the process ends (S14 and shutdown)."""
    ending = asyncio.ensure_future(visit.office.ending.wait())
    iterator = aiter(events)
    following: asyncio.Future[tuple[str, str]] | None = None
    try:
        while not ending.done():
            following = following or asyncio.ensure_future(_next(iterator))
            both: set[asyncio.Future[Any]] = {ending, following}
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                name, data = following.result()
                following = None
                lines = "".join(f"data: {line}\n" for line in data.split("\n"))
                yield f"event: {name}\n{lines}\n".encode()
    except StopAsyncIteration:
        return
    finally:
        for waiting in (ending, following):
            if waiting is not None:
                waiting.cancel()


async def _next(iterator: AsyncIterator[tuple[str, str]]) -> tuple[str, str]:
    return await anext(iterator)
