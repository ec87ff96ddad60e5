"""Mistakes of `result` and `status`: another shape, another type, a number of another table."""

from collections.abc import Mapping
from typing import Final

from meganodes.certification.mistakes.record import (
    RESULT_RULE,
    SHAPE_RULE,
    TABLE_RULE,
    WORD_RULE,
    Diagnosis,
)
from meganodes.protocol.codes import ApiCode, ResultCode
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.replies import MAIN_API_SHAPE, Question, results
from meganodes.protocol.reply_words import shown

_WHOLE: Final = 'Answer {"result":0,"status":"OK","data":{...}}'
_DATA_KEYS: Final = frozenset({"balance", "account", "trans_status"})
_OTHER_NAMES: Final = ("error_code", "errorCode", "error", "code", "success", "ret", "status")

_INSTEAD: Final[Mapping[tuple[int, Command | None], str]] = {
    (ResultCode.ORIGINAL_UNKNOWN, Command.STATUS): "An unknown transaction is 42 there.",
    (ResultCode.DUPLICATE, Command.STATUS): "A transaction that was booked is result 0, with"
    " trans_status OK.",
    (ResultCode.PLAYER_INACTIVE, Command.STATUS): "status is answered for locked players too.",
    (ResultCode.BALANCE_TOO_LOW, Command.WIN): "A win needs no balance: it adds to it.",
    (ResultCode.BALANCE_TOO_LOW, Command.CANCEL): "A cancel of a bet gives money back and needs no"
    " balance.",
    (ResultCode.TRANSACTION_UNKNOWN, Command.BET): "A bet brings a new id; 42 is for status.",
    (ResultCode.TRANSACTION_UNKNOWN, Command.WIN): "A win brings a new id; book it, also when its"
    " bet is not known.",
    (ResultCode.ORIGINAL_UNKNOWN, Command.WIN): "Only cancel is asked for check 43; book the win.",
}
"""What was probably meant by a result that the command does not have."""


def envelope_mistake(question: Question, envelope: Mapping[str, object]) -> Diagnosis | None:
    """Name what makes the envelope unreadable; None when result and status are good."""
    if "result" not in envelope:
        return _without_result(envelope)
    return _wrong_type(envelope["result"]) or _wrong_number(question, envelope) or _word(envelope)


def _without_result(envelope: Mapping[str, object]) -> Diagnosis:
    if "code" in envelope and "message" in envelope:
        return _shape(f"The {MAIN_API_SHAPE}.", f"{_WHOLE}; code and message belong to the hub.")
    for key in envelope:
        if key.strip().lower() == "result":
            return _shape(f"The key is written {shown(key)[9:]}.", 'Write it "result".')
    data = envelope.get("data")
    if isinstance(data, dict) and "result" in data:
        return _shape("result stands inside of data.", "Put result and status beside data.")
    if envelope.keys() & _DATA_KEYS:
        return _shape(
            "The members of data stand alone: result, status and the object around them are"
            " missing.",
            f"{_WHOLE} and put them into data.",
        )
    for name in _OTHER_NAMES:
        if name in envelope:
            came = f"{name} is {shown(envelope[name])}, but result is missing."
            return _shape(came, f"{_WHOLE}; the hub looks at result alone.")
    return _shape("result is missing.", f"{_WHOLE}; from every branch of your code.")


def _wrong_type(given: object) -> Diagnosis | None:
    match given:
        case bool():
            meant = "0" if given else "99"
            mend = f"Send a number: 0 is success; {shown(given)} was perhaps meant as {meant}."
        case None:
            mend = "Set result in every branch; null comes from one that forgot it."
        case int():
            return None
        case str() if given.isascii() and given.isdigit():
            return None
        case str():
            mend = "Send the number of the table, not its name: 0 for success, 31 for a balance"
            mend += " that is too low."
        case list() | dict():
            mend = "Send one number."
        case _:
            mend = "Send it as an integer: 0, not 0.0."
    return Diagnosis(
        rule=RESULT_RULE, sentence=f"result is {shown(given)}, no JSON integer.", mend=mend
    )


def _wrong_number(question: Question, envelope: Mapping[str, object]) -> Diagnosis | None:
    given = envelope["result"]
    assert isinstance(given, int | str), "other types were named before"
    result = int(given) if len(str(given)) <= 10 else -1  # noqa: PLR2004 - digits of an int32
    allowed = results(question.command, question.revision)
    if result in allowed:
        return None
    return Diagnosis(
        rule=TABLE_RULE,
        sentence=f"result is {shown(given)}, which {question.command} has not: the hub cannot tell"
        " what it means.",
        mend=f"Answer one of {', '.join(map(str, allowed))}. {_meant(question, result)}",
    )


def _meant(question: Question, result: int) -> str:
    if question.command is Command.CANCEL:
        by_guid = question.revision is Revision.GUID
        if result == ResultCode.TRANSACTION_UNKNOWN and by_guid:
            return "A cancel whose bet is not known is 43 in revision guid."
        if result == ResultCode.ORIGINAL_UNKNOWN and not by_guid:
            return "A cancel whose bet is not known is 42 in revision id."
    if result in set(ApiCode) - {ApiCode.OK, ApiCode.UNDER_MAINTENANCE}:
        return "This is a code of the Main API; callbacks have results of their own."
    if result in range(100, 600):
        return "This is a status of HTTP; callbacks have results of their own."
    return _INSTEAD.get((result, question.command), "A failure of your own is 99.")


def _word(envelope: Mapping[str, object]) -> Diagnosis | None:
    status = envelope.get("status")
    if not isinstance(status, str):
        return None
    is_ok = int(str(envelope["result"])) == ResultCode.OK
    if status.upper() != ("ERROR" if is_ok else "OK"):
        return None
    if is_ok:
        return Diagnosis(
            rule=WORD_RULE,
            sentence="status ERROR contradicts result 0: the hub believes neither.",
            mend="Send status OK with result 0, or the result that says what was wrong.",
        )
    return Diagnosis(
        rule=WORD_RULE,
        sentence=f"status OK contradicts result {envelope['result']}: the hub believes neither.",
        mend="Send status ERROR with every result but 0.",
    )


def _shape(sentence: str, mend: str) -> Diagnosis:
    return Diagnosis(rule=SHAPE_RULE, sentence=sentence, mend=mend)
