"""Reads what somebody asks of the toys in a JSON body, and refuses nonsense with a sentence."""

from __future__ import annotations

import json
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import JSONResponse


class BadOrder(ValueError):
    """What was asked makes no sense; the sentence says why."""


async def fields_of(request: Request) -> Mapping[str, object]:
    """Return the fields of the body; raise BadOrder when it is no JSON object."""
    try:
        fields = json.loads(await request.body())
    except ValueError as error:
        raise BadOrder("the body is no JSON") from error
    if not isinstance(fields, dict):
        raise BadOrder("the body must be a JSON object")
    return fields


def text_of(fields: Mapping[str, object], name: str) -> str:
    """Return a field that must be text; raise BadOrder when it is not."""
    value = fields.get(name)
    if not isinstance(value, str):
        raise BadOrder(f"{name} must be text")
    return value


async def bad_order(_request: Request, fault: Exception) -> JSONResponse:
    """Answer a BadOrder: HTTP 400 and its sentence."""
    return JSONResponse({"error": str(fault)}, status_code=400)
