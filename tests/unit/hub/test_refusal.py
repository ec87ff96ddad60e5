"""What an attempt brought, in one sentence."""

import pytest

from meganodes.domain.outcome import (
    Accepted,
    Duplicate,
    NotSeen,
    NotSent,
    Outcome,
    Refused,
    Unknown,
)
from meganodes.hub.refusal import outcome_sentence


@pytest.mark.parametrize(
    ("outcome", "sentence"),
    [
        (Accepted(balance_minor=1), "The backend answered with success."),
        (Refused(result=21), "The backend answered result 21: The account does not exist."),
        (Refused(result=100), "The backend answered result 100: The Callback-Token is wrong."),
        (Duplicate(), "The backend answered result 41: The transaction id is not new."),
        (NotSeen(result=42), "The backend answered result 42: The transaction id does not exist."),
        (NotSent(reason="connection refused"), "The callback was not sent: connection refused."),
        (Unknown(reason="HTTP status is 500"), "HTTP status is 500"),
    ],
)
def test_every_outcome_has_its_sentence(outcome: Outcome, sentence: str) -> None:
    """Contract 2.2: the reason of a 1015 is one sentence."""
    assert outcome_sentence(outcome) == sentence
