"""The one form of every answer: code, message, and data where there is any (contract 2.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from meganodes.hub.refusal import Refusal
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.wire import dump_json

HEADERS: Final[Mapping[str, str]] = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What an endpoint says. ``data`` None means that the answer has no data."""

    code: ApiCode
    data: object | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """An answer that is an HTTP response already, because its bytes are kept."""

    code: ApiCode
    response: Response


def done(data: object) -> Answer:
    """Make the answer of a success."""
    return Answer(ApiCode.OK, data)


def refused(refusal: Refusal) -> Answer:
    """Make the answer of a no, with the data the contract gives out for it."""
    if refusal.field is not None:
        return Answer(refusal.code, [{"field": refusal.field, "message": refusal.reason}])
    if refusal.error_id is not None:
        return Answer(refusal.code, {"error_id": refusal.error_id, "reason": refusal.reason})
    return Answer(refusal.code, None if refusal.reason is None else {"reason": refusal.reason})


def body_of(answer: Answer) -> bytes:
    """Write the envelope."""
    message = answer.code.name
    envelope: dict[str, object] = {"code": answer.code, "message": message}
    if answer.data is not None:
        envelope["data"] = answer.data
    return dump_json(envelope)


def response(
    answer: Answer, *, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Make the HTTP response; 200 for every business answer (contract 2.1)."""
    return Response(
        body_of(answer),
        status_code=status,
        headers={**HEADERS, **(headers or {})},
        media_type="application/json",
    )
