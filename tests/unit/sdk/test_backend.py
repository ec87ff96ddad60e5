"""Results refuse at construction what contract 3.2 does not allow in a reply."""

from __future__ import annotations

import dataclasses

import pytest

from meganodes.sdk import Accepted, Authenticate, Refused, ResultCode


def test_result_zero_is_no_refusal() -> None:
    with pytest.raises(ValueError, match="Accepted"):
        Refused(result=ResultCode.OK)


@pytest.mark.parametrize("result", [31, 41, 42, 43])
@pytest.mark.rule("3.2-check-31", "3.2-check-41", "3.2-check-42", "3.2-check-43")
def test_a_refusal_that_must_tell_the_balance_tells_it(result: int) -> None:
    with pytest.raises(ValueError, match="must tell the balance"):
        Refused(result=ResultCode(result))
    assert Refused(result=ResultCode(result), balance_minor=0).balance_minor == 0


@pytest.mark.parametrize("result", [21, 22, 99])
def test_other_refusals_may_come_without_a_balance(result: int) -> None:
    assert Refused(result=ResultCode(result)).balance_minor is None


def test_requests_and_results_never_change() -> None:
    request = Authenticate(account="ada", checks=(21,))
    with pytest.raises(dataclasses.FrozenInstanceError):
        request.account = "bob"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError):
        Accepted(balance_minor=1).balance_minor = 2  # type: ignore[misc]
