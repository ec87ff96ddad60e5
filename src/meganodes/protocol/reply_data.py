"""The `data` of a reply: balance, account, state of a transaction, permissions (contract 3.2, 3.3).

A fault here never turns a refusal into something else and never stops the delivery of owed money;
it only makes a success of authenticate, balance, bet or status unbelievable.
"""

import re
from collections.abc import Mapping
from typing import Final

from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.money import AMOUNT_MAX_MINOR, CutAmount, cut_amount, format_amount
from meganodes.protocol.reply_permissions import read_permissions
from meganodes.protocol.reply_records import Question, Reading
from meganodes.protocol.reply_words import note_extra_keys, shown
from meganodes.protocol.wire import Number

_BALANCE_TEXT: Final = re.compile(r"-?[0-9]+(?:\.[0-9]+)?", re.ASCII)
_COUNTRY_OR_LANGUAGE: Final = re.compile(r"[A-Za-z0-9_-]{1,35}", re.ASCII)

NEEDS_BALANCE: Final = frozenset(
    {
        ResultCode.BALANCE_TOO_LOW,
        ResultCode.DUPLICATE,
        ResultCode.TRANSACTION_UNKNOWN,
        ResultCode.ORIGINAL_UNKNOWN,
    }
)
"""Results whose reply must tell the balance (contract 3.2)."""

_OWED: Final = frozenset({Command.WIN, Command.CANCEL})
_TRANS_STATUSES: Final = frozenset({"OK", "CANCELED"})

_REFUSAL_KEYS: Final = frozenset({"balance"})
_AUTHENTICATE_KEYS: Final = frozenset({"account", "balance", "permissions", "language", "country"})
_STATUS_KEYS: Final = {
    Revision.GUID: frozenset({"account", "trans_guid", "trans_status"}),
    Revision.ID: frozenset({"trans_id", "trans_status"}),
}


def read_data(reading: Reading, envelope: Mapping[str, object]) -> None:
    """Read `data` once `result` and `status` are known to be good."""
    members = _members(reading, envelope)
    if reading.result != ResultCode.OK:
        note_extra_keys(reading.notes, members, _REFUSAL_KEYS, "data")
        _read_balance(reading, members, required=reading.result in NEEDS_BALANCE)
        _compare_account(reading, members)
        return
    note_extra_keys(
        reading.notes,
        members,
        success_keys(reading.question.command, reading.question.revision),
        "data",
    )
    if reading.question.command is Command.STATUS:
        _read_trans_status(reading, members)
    else:
        _read_balance(reading, members, required=True)
    _compare_account(reading, members)
    if reading.question.command is Command.AUTHENTICATE:
        _read_authenticate(reading, members)
    if reading.faults and reading.question.command not in _OWED:
        reading.malformed = reading.malformed or reading.faults[0]


def _members(reading: Reading, envelope: Mapping[str, object]) -> Mapping[str, object]:
    data = envelope.get("data")
    if isinstance(data, dict):
        if not data and not _needs_members(reading.result):
            reading.notes.append("data is empty")
        return data
    if data is not None:
        reading.faults.append(f"data is {shown(data)}; send an object")
    elif not _needs_members(reading.result):
        reading.notes.append("data is null" if "data" in envelope else "data is missing")
    return {}


def _needs_members(result: int) -> bool:
    return result == ResultCode.OK or result in NEEDS_BALANCE


def success_keys(command: Command, revision: Revision) -> frozenset[str]:
    """Give the members that `data` of a success may have (contract 3.2)."""
    if command is Command.AUTHENTICATE:
        return _AUTHENTICATE_KEYS
    if command is Command.STATUS:
        return _STATUS_KEYS[revision]
    return _REFUSAL_KEYS


def _read_balance(reading: Reading, members: Mapping[str, object], *, required: bool) -> None:
    given = members.get("balance")
    if given is None:
        if required:
            came = "null" if "balance" in members else "missing"
            reading.faults.append(f"data.balance is {came}; {_cure(reading.question)}")
        return
    question = reading.question
    cut = _cut_balance(given, question.exponent)
    if cut is None:
        reading.faults.append(f"data.balance is {shown(given)}; {_cure(question)}")
    elif cut.amount_minor < 0 and not question.overdraft_allowed:
        reading.faults.append(
            f"data.balance is {shown(given)}; send 0 or more, as overdraft is not agreed"
        )
    elif abs(cut.amount_minor) > AMOUNT_MAX_MINOR:
        limit = format_amount(AMOUNT_MAX_MINOR, question.exponent)
        reading.faults.append(f"data.balance is {shown(given)}; send at most {limit}")
    else:
        reading.balance_minor = cut.amount_minor
        _note_form(reading, given, cut)


def _cure(question: Question) -> str:
    return f"send the balance as a JSON number such as {format_amount(10**5, question.exponent)}"


def _cut_balance(given: object, exponent: int) -> CutAmount | None:
    """Take a JSON number in any form, or a plain decimal text."""
    if type(given) is int:
        return CutAmount(given * 10**exponent, 0, exponent_form=False)
    if isinstance(given, Number):
        return cut_amount(given.text, exponent)
    if isinstance(given, str) and _BALANCE_TEXT.fullmatch(given) is not None:
        return cut_amount(given, exponent)
    return None


def _note_form(reading: Reading, given: object, cut: CutAmount) -> None:
    exponent = reading.question.exponent
    if isinstance(given, str):
        reading.notes.append("data.balance is text, not a number")
    if cut.exponent_form:
        reading.notes.append("data.balance is written in exponent form")
    if cut.decimals != exponent:
        cut_off = ", more were cut" if cut.decimals > exponent else ""
        reading.notes.append(
            f"data.balance has {cut.decimals} decimals, the currency has {exponent}{cut_off}"
        )


def _compare_account(reading: Reading, members: Mapping[str, object]) -> None:
    """Hold any account that is named against the one asked: it may be another one's reply."""
    if "account" in members and members["account"] != reading.question.account:
        reading.faults.append("data.account is not the account asked; repeat it as it was sent")


def _read_trans_status(reading: Reading, members: Mapping[str, object]) -> None:
    given = members.get("trans_status")
    if isinstance(given, str) and given in _TRANS_STATUSES:
        reading.trans_status = given
        return
    came = shown(given) if "trans_status" in members else "missing"
    reading.malformed = f"data.trans_status is {came}; send OK or CANCELED"


def _read_authenticate(reading: Reading, members: Mapping[str, object]) -> None:
    if "account" not in members:
        reading.faults.append("data.account is missing; repeat the account as it was sent")
    if "permissions" in members:
        _read_permissions(reading, members["permissions"])
    reading.language = _short_text(reading, members, "language")
    reading.country = _short_text(reading, members, "country")


def _read_permissions(reading: Reading, given: object) -> None:
    permissions = read_permissions(given, reading.question.exponent, reading.notes)
    if isinstance(permissions, str):
        reading.malformed = permissions
    else:
        reading.permissions = permissions


def _short_text(reading: Reading, members: Mapping[str, object], key: str) -> str | None:
    """Take a language or country code; its value is never shown, it is the user's own matter."""
    given = members.get(key)
    if given is None:
        return None
    if isinstance(given, str) and _COUNTRY_OR_LANGUAGE.fullmatch(given) is not None:
        return given
    reading.notes.append(f"data.{key} is no code such as en or DE, ignored")
    return None
