"""A finished reading keeps of a malformed reply only what people need to see."""

import pytest

from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.reply_records import HttpReply, Permissions, Question, Reading, Reply
from tests.unit.protocol.asking import question


def full_reading() -> Reading:
    reading = Reading(question())
    reading.result = 0
    reading.balance_minor = 1250
    reading.trans_status = "OK"
    reading.permissions = Permissions(play=True)
    reading.language, reading.country = "de", "AT"
    reading.notes.append("a note")
    return reading


def test_a_good_reading_keeps_everything() -> None:
    assert full_reading().finished() == Reply(
        result=0,
        balance_minor=1250,
        trans_status="OK",
        permissions=Permissions(play=True),
        language="de",
        country="AT",
        notes=("a note",),
    )


def test_a_fault_of_data_takes_the_balance_away() -> None:
    reading = full_reading()
    reading.faults.append("a fault")
    reply = reading.finished()
    assert (reply.balance_minor, reply.faults, reply.malformed) == (None, ("a fault",), None)


def test_a_malformed_reading_keeps_the_result_and_the_remarks_alone() -> None:
    reading = full_reading()
    reading.faults.append("a fault")
    reading.malformed = "a sentence"
    assert reading.finished() == Reply(
        result=0, malformed="a sentence", notes=("a note",), faults=("a fault",)
    )


def test_nothing_read_is_result_minus_one() -> None:
    assert Reading(question()).finished() == Reply(result=-1)


def test_overdraft_is_not_agreed_unless_said() -> None:
    asked = Question(command=Command.BET, revision=Revision.GUID, account="anna", exponent=2)
    assert asked.overdraft_allowed is False


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (Reply(result=0), "result"),
        (Permissions(), "play"),
        (question(), "account"),
        (HttpReply(status=200, headers=(), body=b""), "status"),
    ],
)
def test_a_record_cannot_be_changed(record: object, name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(record, name, None)
