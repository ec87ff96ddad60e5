"""Reading a callback: both revisions, and every way a field can be wrong (contract 3.1)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meganodes.protocol.commands import Command, Revision
from meganodes.sdk import BadCallback, Balance, Bet, Cancel, Request, Status, Win
from meganodes.sdk.reading import read_request
from tests.support.fake_backend import Play, callback

GUID = "mn-" + "0" * 39 + "1"


def read(body: bytes, revision: Revision = Revision.GUID) -> Request:
    return read_request(body, revision, 2)[1]


def changed(command: Command, revision: Revision, **fields: object) -> bytes:
    """Render a callback with fields of `data` replaced; None takes one away."""
    envelope = json.loads(callback(command, None, revision))
    for name, value in fields.items():
        if value is None:
            del envelope["data"][name]
        else:
            envelope["data"][name] = value
    return json.dumps(envelope).encode()


@pytest.mark.parametrize("revision", list(Revision))
@pytest.mark.parametrize(("command", "kind"), [(Command.BET, Bet), (Command.WIN, Win)])
def test_a_movement_is_read(command: Command, kind: type[Bet | Win], revision: Revision) -> None:
    request = read(callback(command, Play(), revision), revision)
    assert isinstance(request, kind)
    assert request.account == "ada"
    assert request.amount_minor == 150
    assert request.transaction_id == (GUID if revision is Revision.GUID else "1")
    assert (request.round_id, request.provider_id, request.game_code) == ("r-1", 12, "toy-slot")
    assert request.game_type == ("slot" if revision is Revision.GUID else "Slots")
    assert request.checks == ((21, 22, 41, 31) if kind is Bet else (21, 22, 41))


def test_fields_without_an_attribute_stay_in_reach() -> None:
    assert read(callback(Command.BET)).data["gplay_id"] == "77"


def test_a_cancel_of_revision_guid_names_itself_and_the_original() -> None:
    request = read(callback(Command.CANCEL))
    assert isinstance(request, Cancel)
    assert (request.transaction_id, request.original_id) == (GUID + "-c", GUID)


def test_a_cancel_of_revision_id_gets_an_id_made_from_the_original() -> None:
    request = read(callback(Command.CANCEL, None, Revision.ID), Revision.ID)
    assert isinstance(request, Cancel)
    assert (request.transaction_id, request.original_id) == ("1-c", "1")


def test_status_and_balance_are_read() -> None:
    status = read(callback(Command.STATUS))
    assert status == Status(account="ada", checks=(21, 42), transaction_id=GUID)
    balance = read(callback(Command.BALANCE))
    assert balance == Balance(account="ada", checks=(21, 22))


@pytest.mark.parametrize(
    ("amount", "amount_minor"),
    [("0", 0), ("0.00", 0), ("5", 500), ("1.5", 150), ("90071992547409.91", 2**53 - 1)],
)
def test_amounts_are_read_exactly(amount: str, amount_minor: int) -> None:
    body = callback(Command.BET).replace(b'"amount":1.50', b'"amount":' + amount.encode())
    request = read(body)
    assert isinstance(request, Bet)
    assert request.amount_minor == amount_minor


@pytest.mark.parametrize(
    "amount",
    ["-1", "1.505", "1e2", '"1.50"', "true", "null", "[]", "NaN", "90071992547409.92", "1" * 50],
)
def test_what_is_no_amount_is_refused(amount: str) -> None:
    body = callback(Command.BET).replace(b'"amount":1.50', b'"amount":' + amount.encode())
    with pytest.raises(BadCallback):
        read(body)


@pytest.mark.parametrize("wrong", [None, "", 5, True, ["x"], "x" * 257])
@pytest.mark.parametrize("field", ["account", "trans_guid", "round_id", "game_code"])
def test_a_text_field_that_is_missing_or_wrong_is_named(field: str, wrong: object) -> None:
    with pytest.raises(BadCallback, match=f"`{field}`"):
        read(changed(Command.BET, Revision.GUID, **{field: wrong}))


@pytest.mark.parametrize("wrong", [None, "1", 0, -1, True, 1.5, 2**63])
def test_a_transaction_number_that_is_none_is_named(wrong: object) -> None:
    with pytest.raises(BadCallback, match="`trans_id`"):
        read(changed(Command.BET, Revision.ID, trans_id=wrong), Revision.ID)


@pytest.mark.parametrize("command", [Command.BET, Command.WIN, Command.CANCEL])
@pytest.mark.parametrize("wrong", [None, 0, 3, "1"])
def test_a_type_of_another_command_is_refused(command: Command, wrong: object) -> None:
    with pytest.raises(BadCallback, match="`type`"):
        read(changed(command, Revision.GUID, type=wrong))


@pytest.mark.parametrize(
    ("part", "wrong"),
    [
        ("command", "jackpot"),
        ("command", None),
        ("timestamp", 1_790_000_000),
        ("timestamp", "soon"),
        ("check", "21, 22"),
        ("check", ""),
        ("check", "21,21"),
        ("check", "99"),
        ("check", 21),
        ("data", []),
        ("data", None),
    ],
)
def test_a_wrong_envelope_is_refused(part: str, wrong: object) -> None:
    envelope = json.loads(callback(Command.BALANCE))
    envelope[part] = wrong
    with pytest.raises(BadCallback, match=f"`{part}`"):
        read(json.dumps(envelope).encode())


def test_fields_of_a_newer_hub_are_let_through() -> None:
    request = read(changed(Command.BET, Revision.GUID, jackpot_contribution="0.01"))
    assert request.data["jackpot_contribution"] == "0.01"


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_else(body: bytes) -> None:
    with pytest.raises(BadCallback):
        read(body)


@given(
    st.sampled_from(list(Command)),
    st.sampled_from(list(Revision)),
    st.integers(min_value=0, max_value=400),
    st.binary(max_size=3),
)
def test_a_damaged_callback_is_read_or_refused(
    command: Command, revision: Revision, position: int, damage: bytes
) -> None:
    body = callback(command, None, revision)
    damaged = body[:position] + damage + body[position + 1 :]
    try:
        assert isinstance(read(damaged, revision), Request)
    except BadCallback as refusal:
        assert str(refusal)  # noqa: PT017 - both ends are right, a third would be an error
