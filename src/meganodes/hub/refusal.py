"""A definite no to an agent's call, as a value: the code, and what helps the agent's people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, assert_never

from meganodes.domain.outcome import (
    Accepted,
    Duplicate,
    NotSeen,
    NotSent,
    Outcome,
    Refused,
    Unknown,
)
from meganodes.protocol.codes import ApiCode, ResultCode

if TYPE_CHECKING:
    from meganodes.hub.calls import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an agent's call is not done.

    ``reason`` is one sentence for the agent's people, None where the contract gives out no data.
    ``error_id`` names the entry of the API log behind it. ``field`` is set for a bad field (1002).
    """

    code: ApiCode
    reason: str | None = None
    error_id: int | None = None
    field: str | None = None


def callback_refusal(asked: Asked) -> Refusal:
    """Make the 1015 of a callback that brought no well-formed success (contract 2.2)."""
    return Refusal(
        code=ApiCode.CALLBACK_ERROR,
        reason=outcome_sentence(asked.attempt.outcome),
        error_id=asked.attempt_id,
    )


def outcome_sentence(outcome: Outcome) -> str:
    """Say in one sentence what an attempt brought."""
    match outcome:
        case Accepted():
            return "The backend answered with success."
        case Refused(result=result) | NotSeen(result=result):
            return _result_sentence(result)
        case Duplicate():
            return _result_sentence(ResultCode.DUPLICATE)
        case NotSent(reason=reason):
            return f"The callback was not sent: {reason}."
        case Unknown(reason=reason):
            return reason
        case _:
            assert_never(outcome)


def _result_sentence(result: int) -> str:
    return f"The backend answered result {result}: {ResultCode(result).sentence}"
