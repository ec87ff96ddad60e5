"""What goes wrong before an endpoint is asked: the few HTTP statuses other than 200, in one table.

A request that cannot be read raises here, at the door, and nowhere deeper (contract 2.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from starlette.responses import Response

from meganodes.main_api.v4.envelope import Answer, response
from meganodes.protocol.codes import ApiCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An answer with an HTTP status of its own."""

    status: int
    code: ApiCode
    headers: Mapping[str, str] = field(default_factory=dict)


_BEARER: Mapping[str, str] = {"www-authenticate": "Bearer"}

NO_SUCH_PATH = Fault(status=404, code=ApiCode.RESOURCE_NOT_FOUND)
NO_SUCH_METHOD = Fault(status=405, code=ApiCode.RESOURCE_NOT_FOUND)
DRAINING = Fault(status=503, code=ApiCode.INTERNAL_SERVER_ERROR)
NO_TOKEN = Fault(status=401, code=ApiCode.TOKEN_NOT_FOUND, headers=_BEARER)
WRONG_TOKEN = Fault(status=401, code=ApiCode.TOKEN_INVALID, headers=_BEARER)
ADDRESS_NOT_ALLOWED = Fault(status=403, code=ApiCode.IP_NOT_ALLOWED)
TOO_LARGE = Fault(status=413, code=ApiCode.VALIDATION_ERROR)
FORM_BODY = Fault(status=415, code=ApiCode.VALIDATION_ERROR)
DEFECT = Fault(status=500, code=ApiCode.INTERNAL_SERVER_ERROR)


def busy(retry_after_seconds: int) -> Fault:
    """Make the 429 of an agent that has used up its places, or its turns (contract 2.1)."""
    return Fault(
        status=429,
        code=ApiCode.SERVER_IS_BUSY,
        headers={"retry-after": str(retry_after_seconds)},
    )


FAULTS: Final = (
    NO_TOKEN,
    WRONG_TOKEN,
    ADDRESS_NOT_ALLOWED,
    NO_SUCH_PATH,
    NO_SUCH_METHOD,
    TOO_LARGE,
    FORM_BODY,
    busy(1),
    DEFECT,
    DRAINING,
)
"""Every answer with an HTTP status of its own, for the API reference."""


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One bad field; "" is the body itself. The sentence names the field and the cure."""

    field: str
    message: str


class CallRefused(Exception):
    """The call ends with this fault; ``faults`` say which fields are bad, if any."""

    def __init__(self, fault: Fault, faults: tuple[FieldFault, ...] = ()) -> None:
        """Keep what is answered."""
        super().__init__(fault.code.name)
        self.fault = fault
        self.faults = faults


class BadRequest(CallRefused):
    """The body or its fields are bad: 1002, with HTTP 200 unless the fault has another status."""

    def __init__(self, *faults: FieldFault, fault: Fault | None = None) -> None:
        """Keep all bad fields."""
        super().__init__(fault or Fault(status=200, code=ApiCode.VALIDATION_ERROR), faults)


def fault_response(fault: Fault, faults: tuple[FieldFault, ...] = ()) -> Response:
    """Make the HTTP response of a fault, in the envelope like every answer."""
    data = [{"field": each.field, "message": each.message} for each in faults]
    return response(Answer(fault.code, data or None), status=fault.status, headers=fault.headers)
