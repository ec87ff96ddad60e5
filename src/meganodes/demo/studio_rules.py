"""What a provider concludes from an answer of the Provider API: contract section 4 as one function.

Pure, so that the rules can be read and tested apart from the waiting and the sending.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum, StrEnum

from meganodes.protocol.codes import ApiCode


class StudioCommand(StrEnum):
    """The commands that move money."""

    BET = "bet"
    WIN = "win"
    BETWIN = "betwin"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A complete answer of the hub. No answer at all is None wherever an answer is expected."""

    status: int
    code: int
    data: Mapping[str, object] = field(default_factory=dict)


class Verdict(Enum):
    """What to do next."""

    DONE = "the hub has it"
    REFUSED = "final: it does not stand, and never will"
    REPEAT = "conclude nothing: send the same request again"
    UNDO = "it may stand after all: cancel it"


FINAL_CODES = frozenset(
    {
        ApiCode.USER_NOT_FOUND,
        ApiCode.BALANCE_NOT_ENOUGH,
        ApiCode.OUTCOME_UNKNOWN,
        ApiCode.AGENT_UNAVAILABLE,
        ApiCode.TRANSACTION_CANCELLED,
        ApiCode.LIMIT_EXCEEDED,
        ApiCode.PLAYER_BLOCKED,
        ApiCode.ROUND_CLOSED,
        ApiCode.NOT_CANCELLABLE,
    }
)
"""Recorded with the id: a repeat gets the same."""

_REPEAT_CODES = frozenset(
    {ApiCode.TRY_AGAIN, ApiCode.INTERNAL_SERVER_ERROR, ApiCode.SERVER_IS_BUSY}
)
_HTTP_ERROR = 500
_STAKES = frozenset({StudioCommand.BET, StudioCommand.BETWIN})


def judge(command: StudioCommand, answer: Answer | None, *, maybe_recorded: bool) -> Verdict:
    """Judge an answer; ``maybe_recorded``: an earlier sending ended without a definite one.

    Codes that are not recorded leave the id as it was. After an uncertain sending that says nothing
    about the earlier one, which may still be under way: a stake is cancelled then, so that nothing
    can come of it.
    """
    if answer is None or answer.status >= _HTTP_ERROR or answer.code in _REPEAT_CODES:
        return Verdict.REPEAT
    if answer.code == ApiCode.OK:
        return Verdict.DONE
    if answer.code in FINAL_CODES:
        return Verdict.REFUSED
    if maybe_recorded and command in _STAKES:
        return Verdict.UNDO
    return Verdict.REFUSED


def judge_question(answer: Answer | None) -> Verdict:
    """Judge an answer to authenticate or balance: nothing moved, so asking again does no harm.

    A backend that cannot be reached (3004) may be reached later.
    """
    if answer is None or answer.status >= _HTTP_ERROR or answer.code in _REPEAT_CODES:
        return Verdict.REPEAT
    if answer.code == ApiCode.AGENT_UNAVAILABLE:
        return Verdict.REPEAT
    return Verdict.DONE if answer.code == ApiCode.OK else Verdict.REFUSED


def pause_seconds(sendings: int) -> float:
    """Return how long to wait before the same request is sent again: 0.2 s, growing to 2 s."""
    return min(2.0, 0.2 * 1.5 ** (sendings - 1))


def gives_up(command: StudioCommand, sendings: int, sendings_max: int) -> bool:
    """Say whether to cancel instead of repeating: only a bet may be, nothing rests on it yet."""
    return command is StudioCommand.BET and sendings >= sendings_max
