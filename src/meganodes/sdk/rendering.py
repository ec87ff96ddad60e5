"""Writes replies that are right by construction: exact decimals, the command's fields, no others.

A result that may not be answered (a refusal the hub did not ask for, a `Found` for a bet) is a
fault of the operator's code and raises; the dispatcher turns that into result 99 (contract 3.2).
"""

from __future__ import annotations

from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.money import AMOUNT_MAX_MINOR
from meganodes.protocol.reply_records import Permissions
from meganodes.protocol.wire import Exact, dump_json
from meganodes.sdk.backend import (
    Accepted,
    Authenticate,
    Authenticated,
    Found,
    Refused,
    Request,
    Status,
)
from meganodes.sdk.errors import BackendFault

_Json = dict[str, object]


def render(
    command: Command, request: Request, result: object, revision: Revision, exponent: int
) -> bytes:
    """Return the body of the reply; raise BackendFault when the result cannot answer this."""
    match result:
        case Refused():
            return _refusal(command, request, result, exponent)
        case Found() if isinstance(request, Status):
            return _success(_status_data(request, result, revision))
        case Accepted() | Authenticated() if isinstance(request, Authenticate):
            return _success(_authenticate_data(request, result, exponent))
        case Accepted() if not isinstance(request, Status):
            return _success({"balance": _exact(result.balance_minor, exponent)})
        case _:
            raise BackendFault(f"{type(result).__name__} cannot answer the command {command.value}")


def render_failure(result: ResultCode) -> bytes:
    """Return the reply of a request that never got to the backend, or broke there (99, 100)."""
    return dump_json({"result": int(result), "status": "ERROR", "data": {}})


def _success(data: _Json) -> bytes:
    return dump_json({"result": 0, "status": "OK", "data": data})


def _refusal(command: Command, request: Request, refused: Refused, exponent: int) -> bytes:
    allowed = {*request.checks, ResultCode.INTERNAL_FAILURE}
    if refused.result not in allowed:
        raise BackendFault(f"{command.value} cannot be refused with {int(refused.result)}")
    # Only an account that does not exist has no balance to tell; the shape asks for one: it has 0.
    data: _Json = {"balance": _exact(refused.balance_minor or 0, exponent)}
    return dump_json({"result": int(refused.result), "status": "ERROR", "data": data})


def _authenticate_data(
    request: Authenticate, result: Accepted | Authenticated, exponent: int
) -> _Json:
    data: _Json = {
        "account": request.account,
        "balance": _exact(result.balance_minor, exponent),
    }
    if isinstance(result, Authenticated):
        if result.permissions is not None:
            data["permissions"] = _permissions(result.permissions, exponent)
        data |= _without_none({"language": result.language, "country": result.country})
    return data


def _permissions(permissions: Permissions, exponent: int) -> _Json:
    max_bet = permissions.max_bet_minor
    return _without_none(
        {
            "play": permissions.play,
            "max_bet": None if max_bet is None else _exact(max_bet, exponent),
            "session_minutes": permissions.session_minutes,
            "reality_check_minutes": permissions.reality_check_minutes,
        }
    )


def _without_none(values: _Json) -> _Json:
    return {key: value for key, value in values.items() if value is not None}


def _status_data(request: Status, found: Found, revision: Revision) -> _Json:
    if revision is Revision.GUID:
        return {
            "account": request.account,
            "trans_guid": request.transaction_id,
            "trans_status": found.trans_status.value,
        }
    return {"trans_id": int(request.transaction_id), "trans_status": found.trans_status.value}


def _exact(amount_minor: object, exponent: int) -> Exact:
    if not isinstance(amount_minor, int) or isinstance(amount_minor, bool):
        raise BackendFault("a balance must be an integer of minor units")
    if abs(amount_minor) > AMOUNT_MAX_MINOR:
        raise BackendFault(f"a balance must be at most {AMOUNT_MAX_MINOR} minor units")
    return Exact(amount_minor, exponent)
