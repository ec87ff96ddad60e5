"""What a hub reads in a reply, which rule the reply breaks, and how to mend it.

Nothing is judged here: whether a reply is malformed, faulty or tolerated is what
`protocol.replies` says. The words are made for the developer of a backend, and every sentence of
the protocol leads to one diagnosis at least.
"""

import re
from collections.abc import Mapping
from typing import Final

from meganodes.certification.mistakes import record
from meganodes.certification.mistakes.envelope import envelope_mistake
from meganodes.certification.mistakes.http import status_mistake
from meganodes.certification.mistakes.members import (
    account_mistake,
    balance_mistake,
    data_mistake,
    trans_status_mistake,
)
from meganodes.certification.mistakes.record import Diagnosis
from meganodes.certification.mistakes.sums import KnownMoney, sum_mistake
from meganodes.certification.mistakes.text import text_mistake
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.replies import HttpReply, Question, read_reply
from meganodes.protocol.wire import JsonError, load_json

__all__ = ["Diagnosis", "KnownMoney", "diagnose", "diagnose_reply"]

_FIELD: Final = re.compile(r"(?:data|result|status)\b")

_NOTES: Final[tuple[tuple[str, str, str], ...]] = (
    ("Content-Type ", record.TYPE_RULE, "Send Content-Type: application/json."),
    (
        "the body starts with a byte order mark",
        record.JSON_RULE,
        "Save your source files without a byte order mark; PHP and .NET like to add one.",
    ),
    ("result is ", record.RESULT_RULE, "Send result as a number, without quotes."),
    ("status is ", record.WORD_RULE, "Send status OK with result 0 and ERROR with all else."),
    ("the reply has extra keys", record.SHAPE_RULE, "Send result, status and data alone."),
    ("data has extra keys", record.DATA_RULE, "Send the members of the command alone."),
    ("data is ", record.DATA_RULE, "Send data as an object with the balance."),
    ("data.balance is text", record.BALANCE_RULE, "Send the balance without quotes."),
    (
        "data.balance is written in exponent form",
        record.DECIMALS_RULE,
        "Write the number with a fixed count of decimals; floats print themselves like this.",
    ),
    (
        "data.balance has ",
        record.DECIMALS_RULE,
        (
            "Write exactly the currency's decimals, from a decimal and not from a float; a balance"
            " without any may be cents, or cut to whole units."
        ),
    ),
    ("data.permissions", record.PERMISSIONS_RULE, "Send the permissions of the contract alone."),
    ("data.", record.DATA_RULE, "Send a short code such as en or DE, or leave it out."),
)
"""Of the oddities that a hub tolerates: how its note begins, the rule, the mend."""


def diagnose_reply(  # noqa: PLR0913, PLR0917 - three parts of a call, three of a reply
    command: Command,
    revision: Revision,
    exponent: int,
    status: int,
    content_type: str,
    body: bytes,
) -> tuple[Diagnosis, ...]:
    """Say what is wrong with a reply of which only these parts are known; empty when nothing is.

    The account that was asked is not known here: whichever `data.account` names is taken for it.
    """
    headers = ((b"Content-Type", content_type.encode("latin-1", "replace")),)
    account = _members(_object(body)).get("account")
    question = Question(
        command=command,
        revision=revision,
        account=account if isinstance(account, str) else "",
        exponent=exponent,
    )
    return diagnose(question, HttpReply(status=status, headers=headers, body=body))


def diagnose(
    question: Question, http_reply: HttpReply, known: KnownMoney | None = None
) -> tuple[Diagnosis, ...]:
    """Say what is wrong with a reply, the gravest first; empty when nothing is.

    `known` is the money as it must be, where somebody keeps count: then a balance that is well
    written and wrong is diagnosed too.
    """
    reply = read_reply(question, http_reply)
    envelope = _object(http_reply.body)
    found = [_of_malformed(question, http_reply, reply.malformed)] if reply.malformed else []
    faults = [each for each in reply.faults if each != reply.malformed]
    found += [_of_fault(question, envelope, fault) for fault in faults]
    if known is not None and reply.balance_minor is not None:
        wrong = sum_mistake(known, reply.balance_minor, question.exponent)
        found += [wrong] if wrong else []
    if not reply.malformed:  # else the oddities are beside the point
        found += [_of_note(note) for note in reply.notes]
    return tuple(dict.fromkeys(found))


def _of_malformed(question: Question, http_reply: HttpReply, malformed: str) -> Diagnosis:
    by_status = status_mistake(http_reply)
    if by_status is not None:
        return by_status
    if malformed.startswith("Content-Encoding"):
        return _split(malformed, record.ENCODING_RULE)
    if "; send at most 65536" in malformed or "; send at most 8192" in malformed:
        return _split(malformed, record.SIZE_RULE)
    by_text = text_mistake(http_reply.body)
    if by_text is not None:
        return by_text
    envelope = _object(http_reply.body)
    by_envelope = envelope_mistake(question, envelope)
    return by_envelope or _of_fault(question, envelope, malformed)


def _of_fault(question: Question, envelope: Mapping[str, object], fault: str) -> Diagnosis:
    by_data = data_mistake(question, envelope)
    if by_data is not None:
        return by_data
    if fault.startswith("data.balance"):
        return balance_mistake(question, envelope)
    if fault.startswith("data.account"):
        return account_mistake(question, envelope)
    if fault.startswith("data.trans_status"):
        return trans_status_mistake(envelope)
    return _split(fault, record.PERMISSIONS_RULE)


def _of_note(note: str) -> Diagnosis:
    rule, mend = next((rule, mend) for begins, rule, mend in _NOTES if note.startswith(begins))
    return Diagnosis(rule=rule, sentence=_sentence(note), mend=mend, tolerated=True)


def _split(sentence: str, rule: str) -> Diagnosis:
    """Take what the protocol says apart: what came, and the cure after its semicolon."""
    came, _, cure = sentence.partition("; ")
    return Diagnosis(rule=rule, sentence=_sentence(came), mend=_sentence(cure or "see the rule"))


def _sentence(text: str) -> str:
    """End with a full stop; begin with a capital unless it begins with a field."""
    first = text if _FIELD.match(text) else text[:1].upper() + text[1:]
    return f"{first}."


def _object(body: bytes) -> Mapping[str, object]:
    try:
        value = load_json(body)
    except JsonError:
        return {}
    return value if isinstance(value, dict) else {}


def _members(envelope: Mapping[str, object]) -> Mapping[str, object]:
    data = envelope.get("data")
    return data if isinstance(data, dict) else {}
