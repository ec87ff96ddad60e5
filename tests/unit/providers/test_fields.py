"""Strict fields: each reader takes what the contract allows and names what it does not."""

from __future__ import annotations

import pytest

from meganodes.domain.asked import FieldFault
from meganodes.protocol.wire import Number
from meganodes.providers.fields import Fields, read_members

NUMBER = 'must be decimal text such as "1.50", not a JSON number: put it in quotes.'
SYNTAX = (
    "must be written in digits with at most one dot between digits,"
    ' such as "1.50": no sign, no blank, no exponent.'
)


def fields(**members: object) -> Fields:
    return Fields(members, [])


def faults(read: Fields) -> list[tuple[str, str]]:
    return [(each.field, each.message) for each in read.faults]


@pytest.mark.parametrize("text", ["x", "x" * 64, " ", "ü", "mns_abc"])
def test_text_of_1_to_64_characters_is_taken(text: str) -> None:
    read = fields(session=text)
    assert read.text("session") == text
    assert not read.faults


@pytest.mark.parametrize("text", ["", "x" * 65])
def test_text_of_another_length_is_a_fault(text: str) -> None:
    read = fields(session=text)
    read.text("session")
    assert faults(read) == [("session", "session must have 1 to 64 characters.")]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "session is required."),
        (5, "session must be text, not a number."),
        (Number("5.0"), "session must be text, not a number."),
        (True, "session must be text, not a boolean."),
        ([], "session must be text, not a list."),
        ({}, "session must be text, not an object."),
    ],
)
def test_other_types_are_named(value: object, sentence: str) -> None:
    read = fields(session=value)
    read.text("session")
    assert faults(read) == [("session", sentence)]


def test_null_equals_leaving_out() -> None:
    read = fields(game_code=None)
    assert read.optional_text("game_code") is None
    assert read.optional_name("bet_transaction_id") is None
    assert not read.faults


def test_optional_text_is_as_strict_when_it_is_there() -> None:
    read = fields(game_code="", bet_transaction_id="ü")
    read.optional_text("game_code")
    read.optional_name("bet_transaction_id")
    assert [field for field, _ in faults(read)] == ["game_code", "bet_transaction_id"]


@pytest.mark.rule("4-key-form")
@pytest.mark.parametrize("name", ["1", "~" * 64, " a b ", "A", "a", '"\\/', "tx-1"])
def test_names_of_printable_ascii_are_kept_byte_for_byte(name: str) -> None:
    read = fields(transaction_id=name)
    assert read.name("transaction_id") == name
    assert not read.faults


@pytest.mark.rule("4-key-form")
@pytest.mark.parametrize("name", ["", "x" * 65, "é", "a\nb", "a\x7f", "a\0", "\u202ea", "\u0661"])
def test_other_names_are_faults(name: str) -> None:
    read = fields(transaction_id=name)
    read.name("transaction_id")
    assert faults(read) == [
        ("transaction_id", "transaction_id must have 1 to 64 printable ASCII characters.")
    ]


@pytest.mark.rule("4-amount-text")
@pytest.mark.parametrize("text", ["0", "1", "1.50", "0.00000001", "007.5", "9" * 64])
def test_decimal_text_is_taken_as_it_is(text: str) -> None:
    read = fields(amount=text)
    assert read.amount("amount") == text
    assert not read.faults


@pytest.mark.rule("4-amount-text")
@pytest.mark.parametrize(
    "text",
    [
        *("", "-1", "+1", " 1", "1 ", "1.", ".5", "1..5", "1.5.0", "1,5", "1e3", "0x1", "1_0"),
        *("\u0663", "1\n", "NaN", "Infinity", "9" * 65),
    ],
)
def test_other_text_is_no_amount(text: str) -> None:
    read = fields(amount=text)
    read.amount("amount")
    assert faults(read) == [("amount", f"amount {SYNTAX}")]


@pytest.mark.rule("4-amount-text")
@pytest.mark.parametrize("value", [1, 0, Number("1.50"), Number("1e3")])
def test_a_json_number_is_refused_with_the_cure(value: object) -> None:
    read = fields(amount=value)
    read.amount("amount")
    assert faults(read) == [("amount", f"amount {NUMBER}")]


def test_a_missing_amount_and_a_boolean_are_faults_of_their_own() -> None:
    read = fields(a=None, b=True)
    read.amount("a")
    read.amount("b")
    assert faults(read) == [
        ("a", "a is required."),
        ("b", 'b must be decimal text such as "1.50", not a boolean.'),
    ]


@pytest.mark.parametrize("value", [True, False])
def test_booleans_are_taken(value: object) -> None:
    read = fields(round_closed=value)
    assert read.flag("round_closed") is value
    assert not read.faults


@pytest.mark.parametrize("value", ["true", 1, 0, "", [], None])
def test_nothing_that_resembles_a_boolean_is_taken(value: object) -> None:
    read = fields(round_closed=value)
    read.flag("round_closed")
    assert [field for field, _ in faults(read)] == ["round_closed"]


def test_fields_inside_have_the_whole_path() -> None:
    read = fields(bet={"amount": 5}, wins=[{"amount": "1"}, {"amount": "x"}, 7])
    bet = read.child("bet")
    assert bet is not None
    bet.amount("amount")
    wins = read.children("wins", 8)
    amounts = [win.amount("amount") for win in wins]
    assert amounts == ["1", "x"]
    assert faults(read) == [
        ("bet.amount", f"bet.amount {NUMBER}"),
        ("wins[2]", "wins[2] must be an object, not a number."),
        ("wins[1].amount", f"wins[1].amount {SYNTAX}"),
    ]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (None, "wins is required."),
        ({}, "wins must be a list of 1 to 8 objects, not an object."),
        ([], "wins must have 1 to 8 entries, it has 0."),
        ([{}] * 9, "wins must have 1 to 8 entries, it has 9."),
    ],
)
def test_a_list_of_another_length_is_one_fault(value: object, sentence: str) -> None:
    read = fields(wins=value)
    assert read.children("wins", 8) == []
    assert faults(read) == [("wins", sentence)]


def test_a_child_must_be_an_object() -> None:
    read = fields(bet="x")
    assert read.child("bet") is None
    assert faults(read) == [("bet", "bet must be an object, not text.")]


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The body cannot be read: the body is empty."),
        (b"[]", "The body must be a JSON object, not a list."),
        (b"null", "The body must be a JSON object, not null."),
        (b'"x"', "The body must be a JSON object, not text."),
        (b"1.5", "The body must be a JSON object, not a number."),
        (b'{"a":1,"a":1}', 'The body cannot be read: the key "a" comes twice in one object.'),
    ],
)
def test_a_body_that_is_no_object_is_one_fault_of_the_whole(body: bytes, message: str) -> None:
    assert read_members(body) == FieldFault(field="", message=message)


@pytest.mark.parametrize("body", [b"{", b"{}x", b'{"a":NaN}', b"\xff", b'{"a":"\\ud800"}'])
def test_unreadable_json_is_one_fault_of_the_whole(body: bytes) -> None:
    read = read_members(body)
    assert isinstance(read, FieldFault)
    assert read.field == ""
    assert read.message.startswith("The body cannot be read: ")


def test_a_body_of_256_kib_is_read() -> None:
    padding = b'{"x":"' + b"y" * (262_144 - 8) + b'"}'
    assert isinstance(read_members(padding), dict)
    assert isinstance(read_members(padding + b" "), FieldFault)
