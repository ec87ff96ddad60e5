"""Where a message ends, what counts as a good answer, and that no two bets are alike."""

import json

import pytest

from benchmarks.wire import BetRequests, NotReadable, is_good_reply, message_end

ANSWER = b'HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 10\r\n\r\n{"code":0}'


def test_message_ends_after_its_body() -> None:
    assert message_end(ANSWER) == len(ANSWER)
    assert message_end(ANSWER + b"HTTP") == len(ANSWER)


@pytest.mark.parametrize("cut", [1, 10, 11, 14, len(ANSWER) - 1])
def test_message_that_is_not_whole_has_no_end(cut: int) -> None:
    assert message_end(ANSWER[:-cut]) is None


def test_name_of_the_length_is_taken_in_any_case_and_from_the_head_alone() -> None:
    assert message_end(b"HTTP/1.1 200 OK\r\ncontent-length:2\r\n\r\n{}") == 39
    with pytest.raises(NotReadable):
        message_end(b"HTTP/1.1 200 OK\r\nServer: x\r\n\r\n\r\nContent-Length: 2")


@pytest.mark.parametrize(
    ("message", "good"),
    [
        (ANSWER, True),
        (ANSWER.replace(b"200", b"500"), False),
        (ANSWER.replace(b'"code":0', b'"code":1'), False),
        (ANSWER.replace(b"Server: x", b'Server: "code":0').replace(b":0}", b":3}"), False),
    ],
)
def test_good_reply_has_status_200_and_the_words_in_its_body(message: bytes, good: bool) -> None:
    assert is_good_reply(message, b'"code":0') is good


def test_every_bet_is_a_whole_request_with_ids_of_its_own() -> None:
    requests = BetRequests(port=80, token="t", session="s", tag="bench-001")
    first, second = requests.request(0), requests.request(123_456_789)
    assert message_end(first) == len(first)
    assert message_end(second) == len(second)
    head, _, body = second.partition(b"\r\n\r\n")
    assert head.startswith(b"POST /provider/v1/bet HTTP/1.1\r\nHost: 127.0.0.1:80\r\n")
    assert b"\r\nAuthorization: Bearer t\r\n" in head
    assert json.loads(body) == {
        "session": "s",
        "transaction_id": "bench-001-123456789",
        "round_id": "bench-001-123456789",
        "amount": "1.00",
    }
    assert b'"transaction_id":"bench-001-000000000"' in first
