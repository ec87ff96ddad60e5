"""The checks of contract 3.2, evaluated in the order the hub asks for.

The operator reads the facts inside its own database transaction and calls `first_refusal` there:
judging earlier and booking later lets two bets spend one balance.
"""

from __future__ import annotations

from dataclasses import dataclass

from meganodes.protocol.codes import ResultCode
from meganodes.sdk.backend import Cancel, Movement, Refused, Request
from meganodes.sdk.errors import BackendFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the operator's database says. None means "not looked up": a check that needs it raises.

    ``transaction_known``: the request's own id has been booked. ``original_known``: the transaction
    a cancel names has been booked.
    """

    account_known: bool
    active: bool | None = None
    balance_minor: int | None = None
    transaction_known: bool | None = None
    original_known: bool | None = None


def first_refusal(request: Request, facts: Facts) -> Refused | None:
    """Return the refusal of the first check that fails, or None when all hold."""
    for check in request.checks:
        result = ResultCode(check)
        if not _holds(result, request, facts):
            return Refused(result=result, balance_minor=_told_balance(result, facts))
    return None


def _holds(check: ResultCode, request: Request, facts: Facts) -> bool:
    match check:
        case ResultCode.ACCOUNT_UNKNOWN:
            return facts.account_known
        case ResultCode.PLAYER_INACTIVE:
            return _looked_up(facts.active, "active")
        case ResultCode.BALANCE_TOO_LOW:
            return _balance(facts) >= _amount(request)
        case ResultCode.DUPLICATE:
            return not _looked_up(facts.transaction_known, "transaction_known")
        case ResultCode.TRANSACTION_UNKNOWN if not isinstance(request, Cancel):
            return _looked_up(facts.transaction_known, "transaction_known")
        case ResultCode.TRANSACTION_UNKNOWN | ResultCode.ORIGINAL_UNKNOWN:
            # Revision id asks 42 of a cancel and means the original: it has no id of its own.
            return _looked_up(facts.original_known, "original_known")
        case _:
            raise BackendFault(f"{check} is no check")


def _told_balance(result: ResultCode, facts: Facts) -> int | None:
    return None if result is ResultCode.ACCOUNT_UNKNOWN else facts.balance_minor


def _looked_up(fact: bool | None, name: str) -> bool:  # noqa: FBT001 - the fact itself
    if fact is None:
        raise BackendFault(f"a check needs the fact `{name}`, which was not given")
    return fact


def _balance(facts: Facts) -> int:
    if facts.balance_minor is None:
        raise BackendFault("a check needs the fact `balance_minor`, which was not given")
    return facts.balance_minor


def _amount(request: Request) -> int:
    if not isinstance(request, Movement):
        raise BackendFault("check 31 was asked of a request that has no amount")
    return request.amount_minor
