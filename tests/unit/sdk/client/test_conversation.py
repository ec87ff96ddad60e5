"""What a client sends, when it sends again, and what it makes of what comes: without a network."""

from __future__ import annotations

import gzip
import json
from typing import Any, TypeVar

import pytest

from meganodes.protocol.codes import ApiCode
from meganodes.sdk.client import (
    AnswerUnreadable,
    ApiError,
    CallbackFailed,
    ClientError,
    FieldsRefused,
    HubBusy,
    HubFailed,
    HubUnreachable,
    InMaintenance,
    NotPermitted,
    NotThere,
    TokenRefused,
    calls,
)
from meganodes.sdk.client.calls import Call
from meganodes.sdk.client.conversation import (
    Came,
    NothingCame,
    Send,
    Terms,
    Wait,
    conversation,
)

T = TypeVar("T")
LOST = NothingCame(reason="the line was cut", sent=True)
NOT_SENT = NothingCame(reason="refused", sent=False)
CREATED = {"user_code": 400_000_001, "is_new_user": True}


def terms(attempts_max: int = 3) -> Terms:
    return Terms(api_token="t0ken", currency_exponent=2, attempts_max=attempts_max)


def came(envelope: object, status: int = 200, **headers: str) -> Came:
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Came(status=status, headers=names, body=json.dumps(envelope).encode())


def ok(data: object) -> Came:
    return came({"code": 0, "message": "OK", "data": data})


def no(code: int, data: object = None, status: int = 200, **headers: str) -> Came:
    envelope = {"code": code, "message": ApiCode(code).name}
    return came(envelope | ({} if data is None else {"data": data}), status, **headers)


class Played(list[float]):
    """The waits of a conversation; ``result`` is what it ended with."""

    result: Any


def play(call: Call[Any], *happens: Came | NothingCame, attempts_max: int = 3) -> Played:
    """Let these things happen one after the other; all of them must have been asked for."""
    talk = conversation(call, terms(attempts_max))
    played, left = Played(), list(happens)
    step = next(talk)
    try:
        while True:
            if isinstance(step, Send):
                step = talk.send(left.pop(0))
            else:
                played.append(step.seconds)
                step = next(talk)
    except StopIteration as ended:
        played.result = ended.value
    except ClientError as error:
        played.result = error
    assert not left, "it gave up too early"
    return played


def test_a_call_is_sent_with_token_and_fields() -> None:
    sent = next(conversation(calls.create_user("ada"), terms()))
    assert isinstance(sent, Send)
    assert (sent.path, sent.body, sent.fresh) == ("/v4/user/create", b'{"name":"ada"}', False)
    assert sent.headers["Authorization"] == "Bearer t0ken"


def test_a_good_answer_is_read() -> None:
    played = play(calls.create_user("ada"), ok(CREATED))
    assert (played.result.user_code, played.result.is_new) == (400_000_001, True)
    assert played == []


@pytest.mark.parametrize(
    "first",
    [LOST, NOT_SENT, no(1001, status=503), no(1001, status=500), came("<html>", status=502)],
)
def test_what_may_be_repeated_is_sent_again(first: Came | NothingCame) -> None:
    played = play(calls.create_user("ada"), first, ok(CREATED))
    assert played.result.user_code == 400_000_001
    assert played == [0.25]


def test_three_attempts_are_made_and_no_more() -> None:
    played = play(calls.agent_info(), LOST, LOST, LOST)
    assert isinstance(played.result, HubUnreachable)
    assert "agent/info: the line was cut" in str(played.result)
    assert played == [0.25, 0.5]


@pytest.mark.parametrize(
    ("first", "attempts"),
    [(LOST, 1), (no(1001, status=500), 1), (NOT_SENT, 2), (no(1001, status=503), 2)],
)
def test_a_test_of_the_backend_is_repeated_only_when_it_was_certainly_not_made(
    first: Came | NothingCame, attempts: int
) -> None:
    played = play(calls.callback_test(), *[first] * attempts, attempts_max=2)
    assert isinstance(played.result, ClientError)
    assert len(played) == attempts - 1
    sent = next(conversation(calls.callback_test(), terms()))
    assert isinstance(sent, Send)
    assert sent.fresh


def test_a_busy_hub_says_how_long_to_wait() -> None:
    busy = no(1018, status=429, retry_after="2")
    played = play(calls.callback_test(), busy, busy, busy)
    assert played == [2, 2]
    assert isinstance(played.result, HubBusy)
    assert played.result.retry_after_seconds == 2


def test_nobody_waits_for_minutes_inside_a_call() -> None:
    played = play(calls.callback_test(), no(1018, status=429, retry_after="60"))
    assert played == []
    assert isinstance(played.result, HubBusy)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1, InMaintenance),
        (1002, FieldsRefused),
        (1003, HubFailed),
        (1005, NotThere),
        (1007, TokenRefused),
        (1009, TokenRefused),
        (1010, NotPermitted),
        (1015, CallbackFailed),
        (1020, TokenRefused),
        (2002, NotThere),
        (2003, NotThere),
        (2007, NotThere),
        (2013, NotThere),
        (2014, ApiError),
        (1012, ApiError),
    ],
)
def test_a_no_is_an_error_of_its_kind_and_is_not_asked_again(
    code: int, kind: type[ApiError]
) -> None:
    played = play(calls.agent_info(), no(code, x_request_id="r-1"))
    assert type(played.result) is kind
    assert (played.result.code, played.result.name) == (code, ApiCode(code).name)
    assert played.result.hint
    assert played.result.request_id == "r-1"
    assert played == []


def test_a_code_that_this_version_does_not_know_is_told_as_it_is() -> None:
    played = play(calls.agent_info(), came({"code": 3999, "message": "NEW_THING"}))
    assert (played.result.code, played.result.name) == (3999, "NEW_THING")
    assert "no name for the code" in played.result.hint


def test_bad_fields_are_told_by_name() -> None:
    fault = {"field": "name", "message": "name is required: 2 to 50 letters."}
    played = play(calls.create_user(""), no(1002, [fault]))
    assert played.result.faults == {"name": "name is required: 2 to 50 letters."}
    assert "name is required: 2 to 50 letters." in str(played.result)


def test_a_callback_that_failed_names_its_entry_in_the_log() -> None:
    told = {"error_id": 77, "reason": "the backend answered HTTP 500"}
    played = play(calls.create_user("ada"), no(1015, told))
    assert (played.result.error_id, played.result.reason) == (77, told["reason"])
    assert "the backend answered HTTP 500" in str(played.result)
    assert "API Error Logs" in played.result.hint


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>hello</html>", b"[]", b"{}", b'{"code":true}', b'{"code":"0"}', b'{"code":0}x'],
)
def test_what_is_no_answer_of_a_hub_is_not_taken_for_one(body: bytes) -> None:
    played = play(calls.agent_info(), Came(status=200, headers={}, body=body))
    assert isinstance(played.result, AnswerUnreadable)


def test_a_packed_answer_is_unpacked() -> None:
    packed = gzip.compress(ok(CREATED).body)
    headers = {"content-encoding": "gzip"}
    played = play(calls.create_user("ada"), Came(status=200, headers=headers, body=packed))
    assert played.result.user_code == 400_000_001
    for spoilt in (packed[:-9], b"no gzip"):
        played = play(calls.agent_info(), Came(status=200, headers=headers, body=spoilt))
        assert isinstance(played.result, AnswerUnreadable)


@pytest.mark.parametrize("token", ["", "a\nb", "tokén"])
def test_a_token_that_cannot_be_sent_is_refused_at_once(token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        Terms(api_token=token, currency_exponent=2, attempts_max=1)


def test_a_wait_is_asked_for_between_attempts() -> None:
    talk = conversation(calls.agent_info(), terms())
    next(talk)
    assert talk.send(LOST) == Wait(0.25)
