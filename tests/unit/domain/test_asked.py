"""What an answer says when nobody says otherwise (contract 4)."""

from __future__ import annotations

from meganodes.domain.asked import Answer
from meganodes.protocol.codes import ApiCode


def test_an_answer_is_of_this_very_request_and_shows_no_amount() -> None:
    answer = Answer(code=ApiCode.TRY_AGAIN)
    assert answer.replay is False
    assert (answer.exponent, answer.balance_minor, answer.guid) == (0, None, None)
    assert (answer.delivered, tuple(answer.faults)) == (None, ())
