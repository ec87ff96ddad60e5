"""Mistakes of `data`: the balance missing or written as something else, another account."""

import re
from collections.abc import Mapping
from typing import Final

from meganodes.certification.mistakes.record import (
    ACCOUNT_RULE,
    BALANCE_RULE,
    DATA_RULE,
    OVERDRAFT_RULE,
    TRANS_STATUS_RULE,
    Diagnosis,
)
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command
from meganodes.protocol.money import format_amount
from meganodes.protocol.replies import Question
from meganodes.protocol.reply_words import shown
from meganodes.protocol.wire import JsonError, Number, load_json

_OTHER_BALANCES: Final = re.compile(r"balance|amount|credit|money|wallet|cash", re.IGNORECASE)
_COMMA: Final = re.compile(r"-?[0-9.]*,[0-9.,]*", re.ASCII)
_WITH_UNIT: Final = re.compile(r"\s*[^\d\s.,-]{1,4}\s*-?[\d.,]+|-?[\d.,]+\s*[^\d\s.,-]{1,4}\s*")
_CANCELED: Final = frozenset({"cancelled", "canceled", "cancel", "refunded", "rollback", "void"})


def data_mistake(question: Question, envelope: Mapping[str, object]) -> Diagnosis | None:
    """Name what is wrong with `data` itself; None when it is an object, or may be missing."""
    data = envelope.get("data")
    if data is None or isinstance(data, dict):
        return None
    mend = f"Send data as an object: {_sample(question)}."
    if data == []:
        mend += " In PHP an empty array becomes []: write (object)[]."
    if isinstance(data, str) and _is_json(data):
        return Diagnosis(
            rule=DATA_RULE,
            sentence="data is a text that contains JSON: it was encoded twice.",
            mend=mend,
        )
    return Diagnosis(rule=DATA_RULE, sentence=f"data is {shown(data)}, no object.", mend=mend)


def _is_json(text: str) -> bool:
    try:
        load_json(text.encode("utf-8", "replace"))
    except JsonError:
        return False
    return True


def _sample(question: Question) -> str:
    return f'{{"balance":{_money(question)}}}'


def _money(question: Question) -> str:
    return format_amount(10**5, question.exponent)


def balance_mistake(question: Question, envelope: Mapping[str, object]) -> Diagnosis:
    """Name why a reply that needs a balance has none that can be read."""
    members = _members(envelope)
    given = members.get("balance")
    if given is None:
        return _missing(question, envelope, members)
    if isinstance(given, bool | list | dict):
        return _balance(
            f"data.balance is {shown(given)}.", f"Send the sum, such as {_money(question)}."
        )
    if isinstance(given, str):
        return _of_text(question, given)
    if str(given.text if isinstance(given, Number) else given).startswith("-"):
        return Diagnosis(
            rule=OVERDRAFT_RULE,
            sentence=f"data.balance is {shown(given)}, below 0: either more was paid out than was"
            " there, or two bets spent one balance.",
            mend="Book by one guarded update (WHERE balance >= amount) or under a row lock; if your"
            " players may owe you money, have overdraft agreed for your agent.",
        )
    return _balance(
        f"data.balance is {shown(given)}, which is too large or no decimal number.",
        f"Send it in main units, such as {_money(question)}.",
    )


def _missing(
    question: Question, envelope: Mapping[str, object], members: Mapping[str, object]
) -> Diagnosis:
    came = "null" if "balance" in members else "missing"
    sentence = f"data.balance is {came}{_consequence(envelope)}."
    if "balance" in envelope:
        return _balance("balance stands beside data, not in it.", f"Send data {_sample(question)}.")
    other = next((key for key in members if _OTHER_BALANCES.search(key) is not None), None)
    if other is not None and came == "missing":
        return _balance(
            f"data.balance is missing; {shown(other)[9:]} stands there instead.",
            'Call it "balance".',
        )
    return _balance(
        sentence,
        f"Read the balance in the transaction that books and send it: {_sample(question)}.",
    )


def _consequence(envelope: Mapping[str, object]) -> str:
    result = envelope.get("result")
    if result == ResultCode.BALANCE_TOO_LOW:
        return " in a refusal with 31: the game cannot tell the player what is left"
    if result in {ResultCode.DUPLICATE, ResultCode.TRANSACTION_UNKNOWN}:
        return f" in an answer with {result}, which tells the balance as it is now"
    return ""


def _of_text(question: Question, given: str) -> Diagnosis:
    mend = f"Send a JSON number with a dot, such as {_money(question)}."
    if _COMMA.fullmatch(given) is not None:
        return _balance(
            f"data.balance is {shown(given)}, written with a comma for people.",
            f"{mend} Take the number before it is formatted.",
        )
    if _WITH_UNIT.fullmatch(given) is not None:
        return _balance(f"data.balance is {shown(given)}, with a currency.", mend)
    return _balance(f"data.balance is {shown(given)}, no number.", mend)


def account_mistake(question: Question, envelope: Mapping[str, object]) -> Diagnosis:
    """Name how `data.account` differs from the account that was asked."""
    members = _members(envelope)
    if "account" not in members:
        return _account("data.account is missing.", "Repeat the account of the request.")
    given = members["account"]
    if isinstance(given, str):
        if given.lower() == question.account.lower():
            return _account(
                f"data.account is {shown(given)}, in other letter case than was asked: an account"
                " is compared letter by letter.",
                "Repeat the account of the request; compare with a binary collation, so that anna"
                " and Anna cannot be one account.",
            )
        if given.strip() == question.account:
            return _account("data.account has blanks around it.", "Trim the column, or its type.")
    return _account(
        f"data.account is {shown(given)}, not the account that was asked: this may be somebody"
        " else's reply.",
        "Repeat the account of the request. If it is another player's, look for a variable that"
        " requests share.",
    )


def trans_status_mistake(envelope: Mapping[str, object]) -> Diagnosis:
    """Name what stands where `data.trans_status` should."""
    members = _members(envelope)
    given = members.get("trans_status")
    mend = "Send OK for what is booked, CANCELED (one L) for what was cancelled, and result 42 for"
    mend += " what you do not know."
    if "trans_status" not in members:
        return _trans_status("data.trans_status is missing.", mend)
    if isinstance(given, str) and given.lower() in _CANCELED:
        return _trans_status(f"data.trans_status is {shown(given)}; the word is CANCELED.", mend)
    return _trans_status(f"data.trans_status is {shown(given)}.", mend)


def needs_trans_status(question: Question, result: int) -> bool:
    """Tell whether the reply is one that must carry `trans_status`."""
    return question.command is Command.STATUS and result == ResultCode.OK


def _members(envelope: Mapping[str, object]) -> Mapping[str, object]:
    data = envelope.get("data")
    return data if isinstance(data, dict) else {}


def _balance(sentence: str, mend: str) -> Diagnosis:
    return Diagnosis(rule=BALANCE_RULE, sentence=sentence, mend=mend)


def _account(sentence: str, mend: str) -> Diagnosis:
    return Diagnosis(rule=ACCOUNT_RULE, sentence=sentence, mend=mend)


def _trans_status(sentence: str, mend: str) -> Diagnosis:
    return Diagnosis(rule=TRANS_STATUS_RULE, sentence=sentence, mend=mend)
