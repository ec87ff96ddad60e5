"""What the casino keeps of the callbacks, and what it shows of them."""

from __future__ import annotations

import pytest

from meganodes.demo.callback_log import CallbackLog, Received, Subject, masked, subject_of
from meganodes.protocol.commands import Command, Revision
from tests.support.fake_backend import Play, callback

BET = Subject(command="bet", account="ada", transaction_id="t-1")


def received(number: int, subject: Subject = BET) -> Received:
    return Received(
        number=number,
        at_ms=0,
        duration_ms=1,
        subject=subject,
        request=b"",
        status=200,
        reply=b"",
        fault=None,
    )


@pytest.mark.parametrize(
    ("revision", "name"), [(Revision.GUID, Play(number=7).guid), (Revision.ID, "7")]
)
def test_a_callback_says_what_it_is_about(revision: Revision, name: str) -> None:
    body = callback(Command.BET, Play(number=7), revision)
    assert subject_of(body) == Subject(command="bet", account="ada", transaction_id=name)


@pytest.mark.parametrize("body", [b"", b"[]", b'{"command":[],"data":[]}', b'{"data":{"x":1}}'])
def test_what_is_no_callback_is_about_nothing(body: bytes) -> None:
    assert subject_of(body) == Subject(command="", account="", transaction_id="")


def test_arrivals_are_counted_by_transaction_and_command() -> None:
    log = CallbackLog()
    for subject in (BET, BET, Subject(command="win", account="ada", transaction_id="t-2")):
        log.arrived(subject)
    assert log.arrivals("bet") == {"t-1": 2}
    assert log.arrivals("win") == {"t-2": 1}
    assert log.count == 3


def test_the_newest_callbacks_can_be_asked_for() -> None:
    log = CallbackLog()
    win = Subject(command="win", account="ada", transaction_id="t-2")
    for number, subject in ((1, BET), (2, win), (3, BET)):
        log.keep(received(number, subject))
    assert [one.number for one in log.newest()] == [1, 2, 3]
    assert [one.number for one in log.newest(after=1)] == [2, 3]
    assert [one.number for one in log.newest("bet", after=1)] == [3]


def test_the_token_is_masked_and_nothing_else() -> None:
    request = b'POST / HTTP/1.1\r\nCallback-Token: mnc_x\r\nAccept: a\r\n\r\n{"callback-token: y"}'
    assert masked(request) == (
        'POST / HTTP/1.1\r\nCallback-Token: ****\r\nAccept: a\r\n\r\n{"callback-token: y"}'
    )
