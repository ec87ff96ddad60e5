"""Certification: bodies written anew, and brought back to the bytes the hub sent."""

import json

import pytest

from meganodes.certification.signed_bodies import restored, written_anew

BODY = b'{"command":"bet","data":{"account":"a/b","amount":12.00},"timestamp":"1","check":"21"}'


def test_each_library_writes_in_its_own_way() -> None:
    made = dict(written_anew(BODY))
    assert made["written anew by json.dumps of Python"] == (
        b'{"command": "bet", "data": {"account": "a/b", "amount": 12.0}, "timestamp": "1",'
        b' "check": "21"}'
    )
    assert b'"amount":12}' in made["written anew by JSON.stringify of JavaScript"]
    assert b'"a\\/b"' in made["written anew by json_encode of PHP"]
    assert made["written anew with its keys sorted"].startswith(b'{"check": "21", "command"')
    assert made["only its data, not the whole body"] == b'{"account":"a/b","amount":12.0}'


@pytest.mark.parametrize("body", [b"", b"no json", b"\xff"])
def test_what_is_no_json_is_not_written_anew(body: bytes) -> None:
    assert list(written_anew(body)) == []
    assert all(words != "it was parsed and written anew" for words, _ in restored(body))


def test_a_list_in_a_body_is_written_anew_whole() -> None:
    assert (b"[1,[2]]") in {anew for _, anew in written_anew(b"[1.0, [2.0]]")}


def test_the_first_bytes_are_among_those_restored() -> None:
    parsed = json.dumps(json.loads(BODY), sort_keys=True).encode()
    assert BODY in {body for _, body in restored(parsed)}


def test_a_body_that_is_no_object_is_not_restored() -> None:
    assert list(restored(b"[1]")) == []
