"""What the door refuses before the core sees it, in the order of contract 2.1, with its status."""

from __future__ import annotations

from typing import Final, NamedTuple

from meganodes.domain.asked import FieldFault
from meganodes.protocol.codes import ApiCode
from meganodes.provider_api.messages import Headers

_FORM_TYPES: Final = (b"application/x-www-form-urlencoded", b"multipart/form-data")
_RETRY: Final = ((b"retry-after", b"1"),)


class Refusal(NamedTuple):
    """An answer of the transport: status, code, headers of its own, and faults with a 1002."""

    status: int
    code: ApiCode
    headers: tuple[tuple[bytes, bytes], ...] = ()
    faults: tuple[FieldFault, ...] = ()


PATH_UNKNOWN: Final = Refusal(404, ApiCode.RESOURCE_NOT_FOUND)
METHOD_WRONG: Final = Refusal(405, ApiCode.RESOURCE_NOT_FOUND, ((b"allow", b"POST"),))
TOKEN_MISSING: Final = Refusal(401, ApiCode.TOKEN_NOT_FOUND, ((b"www-authenticate", b"Bearer"),))
TOKEN_WRONG: Final = Refusal(
    401, ApiCode.TOKEN_INVALID, ((b"www-authenticate", b'Bearer error="invalid_token"'),)
)
ADDRESS_REFUSED: Final = Refusal(403, ApiCode.IP_NOT_ALLOWED)
DRAINING: Final = Refusal(503, ApiCode.INTERNAL_SERVER_ERROR, _RETRY)
CROWDED: Final = Refusal(429, ApiCode.SERVER_IS_BUSY, _RETRY)
DEFECT: Final = Refusal(500, ApiCode.INTERNAL_SERVER_ERROR)


def _of_content(status: int, message: str) -> Refusal:
    return Refusal(status, ApiCode.VALIDATION_ERROR, (), (FieldFault(field="", message=message),))


FORM_BODY: Final = _of_content(415, "The body must be JSON, not a form.")
CODED_BODY: Final = _of_content(200, "The body must not be compressed.")


def too_large(body_bytes_max: int) -> Refusal:
    """Refuse a body above the limit."""
    return _of_content(413, f"The body must not be above {body_bytes_max} bytes.")


def bearer_token(headers: Headers) -> str | None:
    """Give the token of the one Authorization header; two of them are as good as none."""
    found = [value for name, value in headers if name == b"authorization"]
    if len(found) != 1:
        return None
    scheme, _, token = found[0].partition(b" ")
    if scheme.lower() != b"bearer":
        return None
    return token.strip().decode("latin-1") or None


def content_fault(headers: dict[bytes, bytes]) -> Refusal | None:
    """Refuse form bodies and compressed ones; any other type may carry JSON (contract 2.1)."""
    if headers.get(b"content-type", b"").lower().startswith(_FORM_TYPES):
        return FORM_BODY
    if headers.get(b"content-encoding", b"identity").lower() != b"identity":
        return CODED_BODY
    return None
