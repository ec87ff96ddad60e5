"""JSON read strictly and written exactly, and nothing but a JsonError for whatever is wrong."""

import json
import sys
from enum import IntEnum, StrEnum
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meganodes.protocol.money import format_amount
from meganodes.protocol.wire import (
    BODY_BYTES_MAX,
    CALLBACK_HEADERS,
    Exact,
    JsonError,
    Number,
    dump_json,
    load_json,
)
from tests.support.effort import effort

PAGE = Path(__file__).parents[3] / "docs" / "protocol" / "callbacks.md"
pytestmark = pytest.mark.thorough
TOTAL = settings(max_examples=effort(500, 2_000), derandomize=True, deadline=None, database=None)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b"{}", {}),
        (b" \t\r\n[1, -2, 0]\n", [1, -2, 0]),
        (b'"\xea\xb0\x80\\u00e9\\ud83c\\udfb0"', "\uac00\u00e9\U0001f3b0"),
        (b"true", True),
        (b"null", None),
        (b"\xef\xbb\xbf{}", {}),
        (b"12.50", Number("12.50")),
        (b"0.0", Number("0.0")),
        (b"1e400", Number("1e400")),
        (b"-0", Number("-0")),
        (b"9" * 40, 10**40 - 1),
        (b"9" * 41, Number("9" * 41)),
        (b'"\\\\ud800"', "\\ud800"),
    ],
)
def test_one_json_value_is_read_without_a_float(body: bytes, value: object) -> None:
    read = load_json(body)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "the body is empty"),
        (b" \n", "the body is empty"),
        (b"\xef\xbb\xbf", "the body is empty"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "not JSON"),
        (b"<html></html>", "not JSON: expecting value at line 1 column 1"),
        (b'{"a":1', "not JSON"),
        (b'{"a":1,}', "not JSON"),
        (b"{'a':1}", "not JSON"),
        (b"[1 2]", "not JSON"),
        (b'"a\nb"', "not JSON"),
        (b'"\\x"', "not JSON"),
        (b'"\\u12"', "not JSON"),
        (b"tru", "not JSON"),
        (b"+1", "not JSON"),
        (b".5", "not JSON"),
        (b"\xa0{}", "not UTF-8"),
        (b"\x0b{}", "not JSON"),
        (b"{}{}", "data after the JSON value"),
        (b"{} x", "data after the JSON value"),
        (b"01", "data after the JSON value"),
        (b"1.", "data after the JSON value"),
        (b"1_0", "data after the JSON value"),
        (b"0x10", "data after the JSON value"),
        (b"1\xef\xbc\x91", "data after the JSON value"),
        (b"{}\0", "not UTF-8"),
        ("{}".encode("utf-16"), "not UTF-8"),
        ("{}".encode("utf-16-le"), "not UTF-8"),
        ("{}".encode("utf-32-be"), "not UTF-8"),
        ('"\u00e9"'.encode("latin-1"), "not UTF-8"),
        (b'"\xed\xa0\x80"', "not UTF-8"),
        (b'"\xc0\xaf"', "not UTF-8"),
        (b"NaN", "NaN is not a JSON number"),
        (b"[Infinity]", "Infinity is not a JSON number"),
        (b'{"a":-Infinity}', "-Infinity is not a JSON number"),
        (b'{"a":1,"a":1}', 'the key "a" comes twice in one object'),
        (b'{"b":1,"a":1,"a":2}', 'the key "a" comes twice in one object'),
        (b'{"%b":1,"%b":2}' % (b"k" * 50, b"k" * 50), 'the key "' + "k" * 40 + '" comes twice'),
        (b'{"a":1,"b":2,"\\u0061":1}', 'the key "a" comes twice in one object'),
        (b'[{"x":{"a":1,"a":2}}]', 'the key "a" comes twice in one object'),
        (b'"\\ud800"', "half of a surrogate pair"),
        (b'"\\uDC00 \\ud800"', "half of a surrogate pair"),
        (b'{"\\ud83c":1}', "half of a surrogate pair"),
        (b'[[{"a":["\\ud83c\\ud83c"]}]]', "half of a surrogate pair"),
    ],
)
def test_anything_else_is_refused_with_its_reason(body: bytes, reason: str) -> None:
    with pytest.raises(JsonError) as caught:
        load_json(body)
    assert reason in str(caught.value)


def test_numbers_beside_a_surrogate_escape_do_no_harm() -> None:
    assert load_json(b'{"a":["\\ud83c\\udfb0",1,1.5,null]}') == {
        "a": ["\U0001f3b0", 1, Number("1.5"), None]
    }


@pytest.mark.parametrize("depth", [9, 2_000, 200_000])
@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_a_nest_that_is_too_deep_is_refused_and_never_overflows(
    depth: int, opening: bytes, closing: bytes
) -> None:
    for body in (opening * depth + b"1" + closing * depth, opening * depth):
        with pytest.raises(JsonError, match="deeper than 8 levels"):
            load_json(body, max_bytes=10_000_000)


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 8 + b"]" * 8,
        b"[" * 8 + b"]" * 7 + b",[]]",
        b"[[[]],[[]]," + b"[" * 7 + b"]" * 7 + b"]",
        b"[[],[],[],[],[],[],[],[],[],[]]",
        b'["[[[[[[[[[[[[","{{{{{{{{{{"]',
        b'["\\"[[[[[[[[[[[[\\\\"]',
        b'{"[[[[[[[[[[[[":"\\\\"}',
    ],
)
def test_eight_levels_and_brackets_in_texts_are_taken(body: bytes) -> None:
    assert load_json(body) == json.loads(body)


@pytest.mark.parametrize(
    "body",
    [b"[[],[],[]," + b"[" * 8 + b"]" * 8 + b"]", b'[{"a":[]},{},' + b'{"a":' * 8 + b"1" + b"}" * 9],
)
def test_nine_levels_after_shallow_ones_are_refused(body: bytes) -> None:
    with pytest.raises(JsonError, match="deeper than 8 levels"):
        load_json(body)


def test_a_deeper_nest_is_taken_where_it_is_allowed() -> None:
    assert load_json(b"[" * 20 + b"]" * 20, max_depth=20) == json.loads("[" * 20 + "]" * 20)


@pytest.mark.parametrize(
    "body", [b'["' + b"[" * 20, b'["' + b"[" * 20 + b"\\", b'["' + b"[" * 20 + b"\\\\", b"]" * 20]
)
def test_a_text_that_never_ends_is_no_json(body: bytes) -> None:
    with pytest.raises(JsonError, match="not JSON"):
        load_json(body)


def test_a_body_above_the_limit_is_refused_before_it_is_read() -> None:
    exactly = b'"' + b"a" * (BODY_BYTES_MAX - 2) + b'"'
    assert load_json(exactly) == "a" * (BODY_BYTES_MAX - 2)
    with pytest.raises(JsonError, match="above 65536 bytes"):
        load_json(exactly + b" ")
    with pytest.raises(JsonError, match="above 3 bytes"):
        load_json(b"1234", max_bytes=3)


@pytest.mark.parametrize("digits", [5_000, 60_000])
def test_a_huge_integer_is_kept_as_text_and_raises_nothing(digits: int) -> None:
    assert load_json(b"9" * digits) == Number("9" * digits)
    assert load_json(b"[-" + b"9" * digits + b"]") == [Number("-" + "9" * digits)]


@pytest.mark.rule("3.3-total-reading")
@TOTAL
@given(
    st.binary(max_size=60) | st.text(max_size=40).map(lambda text: text.encode("utf-8", "ignore"))
)
def test_arbitrary_bytes_give_a_value_or_a_json_error(body: bytes) -> None:
    try:
        value = load_json(body)
    except JsonError:
        return
    assert value == _read_by_the_standard_library(body)


def _read_by_the_standard_library(body: bytes) -> object:
    def integer(text: str) -> object:
        return Number(text) if text == "-0" else int(text)

    return json.loads(body, parse_float=Number, parse_int=integer)


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(1 - 10**39, 10**39) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@TOTAL
@given(PLAIN)
def test_what_is_written_is_read_back(value: object) -> None:
    body = dump_json(value)
    assert body.isascii()
    assert load_json(body, max_depth=50) == value
    assert json.loads(body) == value


@TOTAL
@given(st.integers(-(2**53), 2**53), st.sampled_from([1, 2, 3, 4, 8]))
def test_an_exact_amount_is_written_with_its_decimals(amount_minor: int, exponent: int) -> None:
    body = dump_json({"balance": Exact(amount_minor, exponent)})
    assert load_json(body) == {"balance": Number(format_amount(amount_minor, exponent))}


def test_values_are_written_compactly_in_order() -> None:
    class Colour(StrEnum):
        RED = "red"

    class Size(IntEnum):
        LARGE = 3

    value = {"b": (1, [True, None]), "a": Exact(150, 2), "c": Colour.RED, "d": Size.LARGE, "e": "é"}
    assert dump_json(value) == b'{"b":[1,[true,null]],"a":1.50,"c":"red","d":3,"e":"\\u00e9"}'


@pytest.mark.parametrize("value", [1.5, {"a": 0.0}, [float("nan")], b"bytes", {1, 2}, object()])
def test_a_float_is_never_written(value: object) -> None:
    with pytest.raises(TypeError, match="no exact form in JSON"):
        dump_json(value)


def test_a_key_that_is_no_text_is_a_defect() -> None:
    with pytest.raises(AssertionError, match="keys of a JSON object are text"):
        dump_json({1: 2})


def test_the_limit_of_the_interpreter_does_not_matter() -> None:
    before = sys.get_int_max_str_digits()
    sys.set_int_max_str_digits(0)
    try:
        assert load_json(b"9" * 5_000) == Number("9" * 5_000)
    finally:
        sys.set_int_max_str_digits(before)


def test_the_page_tells_every_header_in_its_casing() -> None:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    table = lines[lines.index("| header | content |") + 2 :]
    told = [line.split("`")[1] for line in table[: len(CALLBACK_HEADERS)]]
    assert sorted(told) == sorted(CALLBACK_HEADERS)
    assert not table[len(CALLBACK_HEADERS)].startswith("|")
