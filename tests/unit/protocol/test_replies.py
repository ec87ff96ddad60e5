"""The table of results, and that a malformed reply says one thing and keeps nothing else."""

import pytest

from meganodes.protocol.commands import Command, Revision, checks
from meganodes.protocol.replies import results
from tests.unit.protocol.asking import question, read, refusal, success, with_balance


@pytest.mark.rule("3.3-result-outside-table")
@pytest.mark.parametrize("command", Command)
@pytest.mark.parametrize("revision", Revision)
def test_the_results_of_a_command_are_its_checks_and_three_more(
    command: Command, revision: Revision
) -> None:
    besides = set(results(command, revision)) - set(checks(command, revision))
    expected = {0, 99, 100}
    if command is Command.AUTHENTICATE:
        expected.add(22)
    if command is Command.CANCEL and revision is Revision.ID:
        expected.add(41)
    assert besides == expected
    assert len(set(results(command, revision))) == len(results(command, revision))


def test_a_reply_malformed_in_its_frame_is_read_no_further() -> None:
    for body in (
        refusal(57, '{"balance":"x","more":1}'),
        '{"result":0,"status":"ERROR","data":{"more":1}}',
        '{"result":null,"status":"odd","more":1}',
    ):
        reply = read(body)
        assert reply.malformed is not None
        assert (reply.notes, reply.faults) == ((), ())


def test_a_contradiction_is_named_before_anything_in_data() -> None:
    reply = read(
        '{"result":0,"status":"ERROR","data":{"trans_status":"x"}}', question(Command.STATUS)
    )
    assert reply.malformed == "status ERROR contradicts result 0; send OK with it"


def test_a_transport_fault_is_named_before_the_body_is_read() -> None:
    reply = read(b"\xff", status=500)
    assert (
        reply.malformed == "HTTP status is 500; answer every callback with 200 and say no by result"
    )


def test_what_was_tolerated_is_told_of_a_malformed_reply_too() -> None:
    reply = read('{"result":"0","data":{"balance":null}}', headers=())
    assert reply.malformed is not None
    assert reply.notes == (
        "Content-Type is not application/json",
        'result is the text "0", not a number',
        "status is missing, not OK",
    )


def test_several_remarks_stand_next_to_each_other() -> None:
    reply = read(with_balance('"12.5"'))
    assert reply.notes == (
        "data.balance is text, not a number",
        "data.balance has 1 decimals, the currency has 2",
    )


def test_no_remark_shows_the_account() -> None:
    body = success(Command.AUTHENTICATE).replace("anna", "bert_the_other")
    reply = read(body, Command.AUTHENTICATE)
    assert "bert" not in repr(reply)
    assert "anna" not in repr(reply)
