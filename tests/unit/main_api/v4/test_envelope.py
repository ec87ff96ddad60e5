"""The form of every answer."""

import pytest

from meganodes.hub.refusal import Refusal
from meganodes.main_api.v4.envelope import Answer, body_of, done, refused
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.wire import Exact


@pytest.mark.rule("2.1-envelope")
def test_success_is_code_0_and_ok() -> None:
    """Contract 2.1."""
    assert body_of(done({"a": 1})) == b'{"code":0,"message":"OK","data":{"a":1}}'
    assert body_of(done([])) == b'{"code":0,"message":"OK","data":[]}'


@pytest.mark.rule("2.1-envelope", "2.1-no-data-on-errors")
def test_error_has_its_symbolic_name_and_no_data() -> None:
    """Contract 2.1: data is left out on errors, except where stated."""
    assert body_of(Answer(ApiCode.USER_NOT_FOUND)) == b'{"code":2002,"message":"USER_NOT_FOUND"}'
    assert refused(Refusal(code=ApiCode.USER_NOT_FOUND)).data is None


@pytest.mark.rule("2.1-amount-form")
def test_amounts_have_exactly_the_currency_s_decimals() -> None:
    """Contract 2.1: JSON numbers, exact, never in exponent form."""
    amounts = [Exact(150, 2), Exact(0, 2), Exact(5, 0), Exact(1, 8), Exact(2**53 - 1, 2)]
    assert body_of(done(amounts)) == (
        b'{"code":0,"message":"OK","data":[1.50,0.00,5,0.00000001,90071992547409.91]}'
    )


def test_callback_error_has_its_log_entry_and_reason() -> None:
    """Contract 2.2: data of a 1015."""
    answer = refused(Refusal(code=ApiCode.CALLBACK_ERROR, error_id=77, reason="It timed out."))
    assert answer.data == {"error_id": 77, "reason": "It timed out."}


def test_reason_alone_is_data_too() -> None:
    answer = refused(Refusal(code=ApiCode.PERMISSION_ERROR, reason="Not approved."))
    assert answer.data == {"reason": "Not approved."}


def test_bad_field_is_an_entry_of_a_list() -> None:
    answer = refused(Refusal(code=ApiCode.VALIDATION_ERROR, field="name", reason="name is taken."))
    assert answer.data == [{"field": "name", "message": "name is taken."}]
