"""Reading a request's body: bounded and strict, but an empty one is no mistake (contract 2.1)."""

from __future__ import annotations

from starlette.requests import ClientDisconnect, Request

from meganodes.main_api.v4.errors import FORM_BODY, TOO_LARGE, BadRequest, FieldFault
from meganodes.protocol.wire import JsonError, load_json

_FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")


async def read_body(request: Request, bytes_max: int) -> dict[str, object]:
    """Read the JSON object of a request; raises `BadRequest`.

    Nothing at all, `null` and `[]` count as an object without fields; the last is how PHP writes
    one, whose empty map and empty list are the same thing.
    """
    body = await _read_bytes(request, bytes_max)
    if not body.strip():
        return {}
    if _is_form(request):
        raise BadRequest(_fault("The body is a form; send JSON."), fault=FORM_BODY)
    try:
        value = load_json(body, max_bytes=bytes_max)
    except JsonError as error:
        raise BadRequest(_fault(f"The body cannot be read as JSON: {error}.")) from None
    if value is None or value == []:
        return {}
    if not isinstance(value, dict):
        raise BadRequest(_fault('The body must be a JSON object, such as {"name": "value"}.'))
    return value


async def _read_bytes(request: Request, bytes_max: int) -> bytes:
    too_large = BadRequest(_fault(f"The body is above {bytes_max} bytes."), fault=TOO_LARGE)
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > bytes_max:
        raise too_large
    parts: list[bytes] = []
    total = 0
    try:
        async for part in request.stream():
            total += len(part)
            if total > bytes_max:
                raise too_large
            parts.append(part)
    except ClientDisconnect:
        raise BadRequest(_fault("The body ended early.")) from None
    return b"".join(parts)


def _is_form(request: Request) -> bool:
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return media_type in _FORM_TYPES


def _fault(message: str) -> FieldFault:
    return FieldFault("", message)
