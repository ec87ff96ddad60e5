"""One callback explained: what was asked, what a hub reads in the reply, what is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Final

from meganodes.certification.captured import Captured
from meganodes.certification.computed_codes import diagnose_computed
from meganodes.certification.diagnosis import KnownMoney, diagnose
from meganodes.certification.mistakes.record import Diagnosis
from meganodes.certification.signatures import SignedCall, diagnose_signature
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.money import AmountError, format_amount, parse_amount
from meganodes.protocol.replies import HttpReply, Question, Reply, read_reply
from meganodes.protocol.wire import (
    WEBHOOK_ID_HEADER,
    WEBHOOK_SIGNATURE_HEADER,
    WEBHOOK_TIMESTAMP_HEADER,
    JsonError,
    Number,
    load_json,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the person knows besides the paste; None where the paste has to say it."""

    command: Command | None = None
    revision: Revision | None = None
    exponent: int | None = None
    before: str | None = None
    """The balance before the callback, in main units."""
    secret: str | None = field(default=None, repr=False)
    computed: str | None = None
    """The code that the backend made for this call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """All that can be said about a paste."""

    asked: str
    """What the hub asked, as a sentence."""
    reads: str
    """What a hub reads in the reply, and what it does then."""
    reply: tuple[Diagnosis, ...]
    signature: tuple[Diagnosis, ...] | None
    """None when no secret was given: then nothing was tried."""


class Unexplained(ValueError):
    """Something is missing in the paste; the text is a sentence that says what to add."""


_UNKNOWN: Final[Mapping[Command, str]] = {
    Command.AUTHENTICATE: "the launch fails, and the Main API answers 1015 (CALLBACK_ERROR)",
    Command.BALANCE: "it is asked again while the caller waits, then 1015 (CALLBACK_ERROR)",
    Command.BET: "nobody can say whether it was booked: the bet is void, and its cancel is sent"
    " until you accept it",
    Command.WIN: "it stays owed: the same win is sent again until you accept it",
    Command.CANCEL: "it stays owed: the same cancel is sent again until you accept it",
    Command.STATUS: "the question is asked again",
}


def explain(captured: Captured, told: Told) -> Explanation:
    """Explain a paste; raises `Unexplained` when a part of it is missing."""
    envelope = _object(captured.request_body)
    data = envelope.get("data")
    members: Mapping[str, object] = data if isinstance(data, dict) else {}
    question = _question(envelope, members, told)
    signature = _signature(captured, told)
    if captured.status is None:
        if signature is None:
            raise Unexplained("There is no reply in it: paste what the backend answered, too.")
        return Explanation(asked=_asked(question, members), reads="", reply=(), signature=signature)
    http_reply = HttpReply(
        status=captured.status,
        headers=tuple(
            (name.encode("latin-1", "replace"), value.encode("latin-1", "replace"))
            for name, value in captured.reply_headers
        )
        or ((b"Content-Type", b"application/json"),),  # of a bare body nobody knows it
        body=captured.reply_body,
    )
    return Explanation(
        asked=_asked(question, members),
        reads=_reads(question, read_reply(question, http_reply)),
        reply=diagnose(question, http_reply, _known(question, members, told)),
        signature=signature,
    )


def _object(body: bytes) -> Mapping[str, object]:
    try:
        value = load_json(body)
    except JsonError:
        return {}
    return value if isinstance(value, dict) else {}


# --- the question ---------------------------------------------------------------------------------


def _question(
    envelope: Mapping[str, object], members: Mapping[str, object], told: Told
) -> Question:
    named = envelope.get("command")
    command = told.command or next((each for each in Command if each.value == named), None)
    if command is None:
        raise Unexplained(
            "Which command was asked? Paste the request too, or name it by --command."
        )
    account = members.get("account")
    return Question(
        command=command,
        revision=told.revision or _revision(members),
        account=account if isinstance(account, str) else "",
        exponent=_exponent(members) if told.exponent is None else told.exponent,
    )


def _revision(members: Mapping[str, object]) -> Revision:
    return Revision.ID if "trans_id" in members else Revision.GUID


_USUAL_EXPONENT: Final = 2


def _exponent(members: Mapping[str, object]) -> int:
    """Read the currency's decimals off the amount: the hub writes exactly as many."""
    amount = members.get("amount")
    if isinstance(amount, Number):
        return len(amount.text.partition(".")[2])
    return 0 if type(amount) is int else _USUAL_EXPONENT


def _asked(question: Question, members: Mapping[str, object]) -> str:
    account = f" for the account {question.account}" if question.account else ""
    amount = _amount_text(members)
    sum_asked = f", amount {amount}" if amount else ""
    return (
        f"{question.command}{account}{sum_asked}; revision {question.revision}, a currency with"
        f" {question.exponent} decimals."
    )


def _amount_text(members: Mapping[str, object]) -> str:
    amount = members.get("amount")
    if isinstance(amount, Number):
        return amount.text
    return str(amount) if type(amount) is int else ""


def _known(question: Question, members: Mapping[str, object], told: Told) -> KnownMoney | None:
    if told.before is None:
        return None
    amount = "0" if question.command is Command.STATUS else _amount_text(members) or "0"
    try:
        before = parse_amount(told.before, question.exponent)
        moved = parse_amount(amount, question.exponent)
    except AmountError as error:
        raise Unexplained(
            f"Balance before {told.before}, amount {amount}: {error.reason}"
        ) from None
    return KnownMoney(
        before_minor=before, moved_minor=-moved if question.command is Command.BET else moved
    )


# --- what a hub makes of it -----------------------------------------------------------------------


def _reads(question: Question, reply: Reply) -> str:
    command = question.command
    if reply.malformed is not None:
        return f"Nothing it can believe: {reply.malformed}. So {_UNKNOWN[command]}."
    said = f"result {reply.result} ({ResultCode(reply.result).sentence.rstrip('.')})"
    if reply.balance_minor is not None:
        said += f", balance {format_amount(reply.balance_minor, question.exponent)}"
    if reply.trans_status is not None:
        said += f", trans_status {reply.trans_status}"
    return f"{said[:1].upper()}{said[1:]}: {_meaning(command, reply.result)}."


def _meaning(command: Command, result: int) -> str:
    """Say what a result means for a command (contract 3.4)."""
    if result == ResultCode.OK:
        return "answered" if command in _QUESTIONS else "accepted, and that is final"
    if command in _OWED:
        return _of_owed(command, result)
    if command is Command.STATUS and result == ResultCode.TRANSACTION_UNKNOWN:
        return "an answer: the transaction is not booked"
    final = {ResultCode.ACCOUNT_UNKNOWN, ResultCode.PLAYER_INACTIVE, ResultCode.TOKEN_WRONG}
    if command is Command.BET:
        final.add(ResultCode.BALANCE_TOO_LOW)
    if result in final:
        return "a refusal, and nothing was booked"
    return f"no answer to build on, so {_UNKNOWN[command]}"


_QUESTIONS: Final = frozenset({Command.AUTHENTICATE, Command.BALANCE, Command.STATUS})
_OWED: Final = frozenset({Command.WIN, Command.CANCEL})


def _of_owed(command: Command, result: int) -> str:
    if result == ResultCode.DUPLICATE:
        return (
            "accepted when it repeats an earlier attempt; on a first attempt the hub asks by"
            " status whether it is true"
        )
    if result in {ResultCode.TRANSACTION_UNKNOWN, ResultCode.ORIGINAL_UNKNOWN}:
        return (
            "the bet was not seen (yet): the cancel is sent again for 15 minutes at least; keep"
            " a tombstone, so that the late bet is refused"
        )
    return f"no refusal ends a {command}: {_UNKNOWN[command]}"


# --- the signature --------------------------------------------------------------------------------


def _signature(captured: Captured, told: Told) -> tuple[Diagnosis, ...] | None:
    if told.secret is None:
        return None
    if not captured.request_body:
        raise Unexplained("A signature needs the request's body: paste the request, byte for byte.")
    call = SignedCall(
        webhook_id=captured.request_header(WEBHOOK_ID_HEADER),
        timestamp=captured.request_header(WEBHOOK_TIMESTAMP_HEADER),
        header=captured.request_header(WEBHOOK_SIGNATURE_HEADER),
        body=captured.request_body,
    )
    if told.computed is not None:
        return diagnose_computed(call, told.secret, told.computed)
    return diagnose_signature(call, told.secret, _seconds_of(captured.reply_header("date")))


def _seconds_of(date: str) -> int | None:
    """Read the backend's clock off the Date header of its reply."""
    try:
        return int(parsedate_to_datetime(date).timestamp())
    except (TypeError, ValueError):
        return None
