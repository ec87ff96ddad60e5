"""Reading a callback as an operator or a bystander does, without the hub's own code."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One callback's body. ``reference`` names the transaction it is about, on that wire.

    ``original`` is what a cancel undoes; in revision ``id`` both are the bet's number. ``amount``
    is the text between the quotes or commas, None where there is none.
    """

    command: str
    account: str
    reference: str
    original: str | None
    amount: str | None
    checks: tuple[int, ...]


@lru_cache(maxsize=8_192)
def read_callback(body: bytes) -> Callback:
    """Take a callback's body apart; numbers with a point stay the text they were written in."""
    envelope = json.loads(body, parse_float=str)
    data = envelope["data"]
    command = envelope["command"]
    reference = str(data.get("trans_guid", data.get("trans_id", "")))
    original = str(data.get("cancel_trans_guid", reference)) if command == "cancel" else None
    return Callback(
        command=command,
        account=data["account"],
        reference=reference,
        original=original,
        amount=None if "amount" not in data else str(data["amount"]),
        checks=tuple(int(check) for check in envelope["check"].split(",")),
    )


def minor_of(amount: str, exponent: int) -> int:
    """Read an amount exactly; more decimals than the currency has raise ValueError."""
    whole, _, decimals = amount.partition(".")
    if len(decimals) > exponent:
        raise ValueError(f"{amount} has more than {exponent} decimals")
    return int(whole + decimals.ljust(exponent, "0"))


def amount_text(minor: int, exponent: int) -> str:
    """Write an amount with exactly the decimals of its currency."""
    sign, digits = ("-" if minor < 0 else ""), str(abs(minor)).rjust(exponent + 1, "0")
    if not exponent:
        return sign + digits
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"
