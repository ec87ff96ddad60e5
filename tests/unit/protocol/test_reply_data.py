"""What is said, and what is not said, about `data`; the rules stand in tests/contract."""

import pytest

from meganodes.protocol.commands import Command, Revision
from tests.unit.protocol.asking import question, read, refusal, with_data


@pytest.mark.parametrize("command", Command)
@pytest.mark.parametrize("data", ["{}", "null"])
def test_missing_data_of_a_success_is_a_fault_and_not_a_note_besides(
    command: Command, data: str
) -> None:
    reply = read(with_data(data), command)
    assert reply.notes == ()
    assert reply.faults or reply.malformed


@pytest.mark.parametrize("result", [31, 41])
@pytest.mark.parametrize("data", ["{}", "null"])
def test_missing_data_where_a_balance_is_due_is_a_fault_and_not_a_note_besides(
    result: int, data: str
) -> None:
    reply = read(refusal(result, data))
    assert (reply.notes, len(reply.faults)) == ((), 1)


def test_extra_keys_of_a_refusal_are_noted() -> None:
    reply = read(refusal(31, '{"balance":12.50,"limit":1}'))
    assert reply.notes == ('data has extra keys, ignored: "limit"',)


@pytest.mark.parametrize(
    ("revision", "extra"),
    [(Revision.GUID, '"trans_id"'), (Revision.ID, '"account", "trans_guid"')],
)
def test_a_status_reply_has_the_keys_of_its_revision(revision: Revision, extra: str) -> None:
    data = '{"account":"anna","trans_guid":"mn-1","trans_id":1,"trans_status":"OK"}'
    reply = read(with_data(data), question(Command.STATUS, revision=revision))
    assert (reply.malformed, reply.trans_status) == (None, "OK")
    assert reply.notes == (f"data has extra keys, ignored: {extra}",)


def test_the_balance_of_a_status_is_an_extra_key() -> None:
    reply = read(with_data('{"trans_status":"OK","balance":1.00}'), Command.STATUS)
    assert (reply.malformed, reply.balance_minor) == (None, None)
    assert reply.notes == ('data has extra keys, ignored: "balance"',)


def test_the_cure_of_a_balance_is_written_in_the_decimals_of_the_currency() -> None:
    reply = read(with_data("{}"), question(exponent=0))
    assert reply.malformed == (
        "data.balance is missing; send the balance as a JSON number such as 100000"
    )
