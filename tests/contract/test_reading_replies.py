"""Contract 3.3, the frame of a reply: HTTP, JSON, `result` and `status`, row by row."""

import pytest

from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.replies import MAIN_API_SHAPE
from tests.unit.protocol.asking import JSON, question, read, refusal, success, with_balance

GOOD = success(Command.BET)

EVERY_COMMAND = pytest.mark.parametrize("command", Command)


@pytest.mark.rule("3.2-reply-shape", "3.2-success-data")
@EVERY_COMMAND
def test_a_good_reply_is_read_without_a_remark(command: Command) -> None:
    reply = read(success(command), command)
    assert (reply.result, reply.malformed, reply.notes, reply.faults) == (0, None, (), ())
    assert reply.balance_minor == (None if command is Command.STATUS else 1250)
    assert reply.trans_status == ("OK" if command is Command.STATUS else None)


# --- HTTP ----------------------------------------------------------------------------------------


@pytest.mark.rule("3.3-status-not-200")
@EVERY_COMMAND
@pytest.mark.parametrize(
    "status", [100, 201, 204, 206, 400, 401, 403, 404, 405, 429, 500, 502, 599]
)
def test_another_http_status_is_malformed_even_with_a_good_body(
    command: Command, status: int
) -> None:
    reply = read(success(command), command, status=status)
    assert reply.result == -1
    assert reply.malformed == (
        f"HTTP status is {status}; answer every callback with 200 and say no by result"
    )


@pytest.mark.rule("3.3-redirect")
@EVERY_COMMAND
@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
def test_a_redirect_is_malformed_and_named(command: Command, status: int) -> None:
    headers = (*JSON, (b"Location", b"https://other.example/"))
    reply = read(success(command), command, status=status, headers=headers)
    assert reply.malformed == (
        f"HTTP status {status} is a redirect, and callbacks follow none; "
        "give the final address as callback URL"
    )


@pytest.mark.rule("3.3-content-encoding")
@EVERY_COMMAND
@pytest.mark.parametrize("coding", [b"gzip", b"br", b"zstd", b"deflate", b"x", b"gzip, identity"])
def test_an_encoded_body_is_malformed(command: Command, coding: bytes) -> None:
    headers = (*JSON, (b"content-Encoding", coding))
    reply = read(success(command), command, headers=headers)
    assert reply.malformed == "Content-Encoding is not identity; send the body uncompressed"


@pytest.mark.rule("3.3-content-encoding")
def test_a_second_content_encoding_counts_too() -> None:
    headers = ((b"Content-Encoding", b"identity"), (b"Content-Encoding", b"gzip"), *JSON)
    assert read(GOOD, headers=headers).malformed is not None


@pytest.mark.rule("3.3-content-encoding")
@pytest.mark.parametrize("coding", [b"identity", b"IDENTITY", b" identity ", b""])
def test_the_encoding_identity_is_none(coding: bytes) -> None:
    reply = read(GOOD, headers=(*JSON, (b"Content-Encoding", coding)))
    assert (reply.malformed, reply.notes) == (None, ())


@pytest.mark.rule("3.3-content-type")
@pytest.mark.parametrize("kind", [b"text/html", b"text/plain", b"application/jsonp", b"", b"json"])
def test_another_content_type_is_taken_with_a_note(kind: bytes) -> None:
    reply = read(GOOD, headers=((b"Content-Type", kind),))
    assert (reply.result, reply.malformed) == (0, None)
    assert reply.notes == ("Content-Type is not application/json",)


@pytest.mark.rule("3.3-content-type")
def test_no_content_type_is_taken_with_a_note() -> None:
    assert read(GOOD, headers=()).notes == ("Content-Type is not application/json",)


@pytest.mark.rule("3.3-content-type")
@pytest.mark.parametrize(
    "kind",
    [b"application/json", b"APPLICATION/JSON; charset=utf-8", b"application/problem+json"],
)
def test_the_json_content_types_need_no_note(kind: bytes) -> None:
    assert read(GOOD, headers=((b"CONTENT-TYPE", kind),)).notes == ()


@pytest.mark.rule("3.3-header-limit")
def test_more_than_eight_kib_of_headers_are_malformed() -> None:
    fitting = 8_192 - len(b"Content-Type: application/json\r\n") - len(b"X: \r\n")
    assert read(GOOD, headers=(*JSON, (b"X", b"a" * fitting))).malformed is None
    reply = read(GOOD, headers=(*JSON, (b"X", b"a" * (fitting + 1))))
    assert reply.malformed == "the headers have 8193 bytes; send at most 8192"


@pytest.mark.rule("3.3-body-limit")
def test_a_body_above_64_kib_is_malformed() -> None:
    body = GOOD.encode()
    assert read(body.ljust(65_536)).malformed is None
    reply = read(body.ljust(65_537))
    assert reply.malformed == "the body has 65537 bytes; send at most 65536, one JSON object"


# --- JSON ----------------------------------------------------------------------------------------


@pytest.mark.rule("3.3-bom")
def test_a_byte_order_mark_is_taken_with_a_note() -> None:
    reply = read(b"\xef\xbb\xbf" + GOOD.encode())
    assert (reply.result, reply.malformed) == (0, None)
    assert reply.notes == ("the body starts with a byte order mark",)


CURE = "; answer with exactly one JSON object in UTF-8"


@pytest.mark.rule("3.3-unparsable", "3.3-trailing-data", "3.3-duplicate-keys", "3.3-nan-infinity")
@EVERY_COMMAND
@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "the body is empty"),
        (b"<html><body>OK</body></html>", "the body is not JSON: expecting value"),
        (b"OK", "the body is not JSON: expecting value"),
        (b'{"result":0,"status":"OK"', "the body is not JSON"),
        (b"{'result':0}", "the body is not JSON"),
        (b'{"result":00}', "the body is not JSON"),
        (b'{"result":+0}', "the body is not JSON"),
        (b'{"result":"\\ud800"}', "a text has half of a surrogate pair"),
        (b'{"result":0,"x":"\\udfff"}', "a text has half of a surrogate pair"),
        ('{"result":0}'.encode("utf-16"), "the body is not UTF-8 text"),
        ('{"result":0}'.encode("utf-16-be"), "the body is not UTF-8 text"),
        ('{"result":0,"x":"\u00e9"}'.encode("latin-1"), "the body is not UTF-8 text"),
        (b'{"result":0}{"result":0}', "there is data after the JSON value"),
        (b'{"result":0} OK', "there is data after the JSON value"),
        (b'{"result":0}\0', "the body is not UTF-8 text"),
        (b'{"result":31,"result":0}', 'the key "result" comes twice in one object'),
        (b'{"result":0,"resul\\u0074":0}', 'the key "result" comes twice in one object'),
        (b'{"result":0,"data":{"balance":1,"balance":2}}', 'the key "balance" comes twice'),
        (b'{"result":0,"x":[{"a":1,"a":1}]}', 'the key "a" comes twice in one object'),
        (b'{"result":NaN}', "NaN is not a JSON number"),
        (b'{"result":0,"data":{"balance":NaN}}', "NaN is not a JSON number"),
        (b'{"result":0,"data":{"balance":Infinity}}', "Infinity is not a JSON number"),
        (b'{"result":0,"x":-Infinity}', "-Infinity is not a JSON number"),
        (b'{"result":0,"x":' + b"[" * 2_000, "the JSON is nested deeper than 8 levels"),
        (b"[" * 65_536, "the JSON is nested deeper than 8 levels"),
    ],
)  # fmt: skip
def test_what_is_not_one_json_value_is_malformed(
    command: Command, body: bytes, sentence: str
) -> None:
    reply = read(body, command)
    assert reply.result == -1
    assert reply.malformed is not None
    assert reply.malformed.startswith(sentence)
    assert reply.malformed.endswith(CURE)


@pytest.mark.rule("3.3-not-an-object")
@pytest.mark.parametrize(
    ("body", "came"),
    [
        ("[]", "a list"),
        ("null", "null"),
        ("0", "0"),
        ("true", "true"),
        ("0.0", "0.0"),
        ('"OK"', 'the text "OK"'),
        ('[{"result":0}]', "a list"),
    ],
)
def test_a_value_that_is_no_object_is_malformed(body: str, came: str) -> None:
    assert read(body).malformed == f"the body is {came}; answer with one JSON object"


# --- result --------------------------------------------------------------------------------------


@pytest.mark.rule("3.3-result-missing")
@EVERY_COMMAND
@pytest.mark.parametrize(
    "body", ["{}", '{"status":"OK","data":{"balance":1}}', '{"Result":0}', '{"code":0}']
)
def test_a_reply_without_result_is_malformed(command: Command, body: str) -> None:
    reply = read(body, command)
    assert reply.result == -1
    assert reply.malformed == "result is missing; send a JSON integer, 0 for success"


@pytest.mark.rule("3.3-main-api-shape")
@EVERY_COMMAND
@pytest.mark.parametrize("code", ["0", "1015", '"0"', "null"])
def test_a_reply_like_the_main_api_is_named_exactly_so(command: Command, code: str) -> None:
    body = f'{{"code":{code},"message":"OK","data":{{"balance":12.50}}}}'
    sentence = "reply has the shape of a Main API answer; callbacks answer with result/status/data"
    assert read(body, command).malformed == sentence == MAIN_API_SHAPE


@pytest.mark.rule("3.3-main-api-shape", "3.3-extra-keys")
def test_code_and_message_beside_a_result_are_only_extra_keys() -> None:
    reply = read('{"code":0,"message":"OK","result":0,"status":"OK","data":{"balance":12.50}}')
    assert reply.malformed is None
    assert reply.notes == ('the reply has extra keys, ignored: "code", "message"',)


@pytest.mark.rule("3.3-result-not-integer")
@EVERY_COMMAND
@pytest.mark.parametrize(
    ("given", "came"),
    [
        ("false", "false"),
        ("true", "true"),
        ("null", "null"),
        ("0.0", "0.0"),
        ("0e0", "0e0"),
        ("0E1", "0E1"),
        ("-0", "-0"),
        ("-0.0", "-0.0"),
        ("1e400", "1e400"),
        ("1e-400", "1e-400"),
        ("21.0", "21.0"),
        ("[0]", "a list"),
        ("[]", "a list"),
        ("{}", "an object"),
        ('{"code":0}', "an object"),
        ('""', 'the text ""'),
        ('"0 "', 'the text "0 "'),
        ('" 0"', 'the text " 0"'),
        ('"0\\n"', 'the text "0\\n"'),
        ('"+0"', 'the text "+0"'),
        ('"-0"', 'the text "-0"'),
        ('"0.0"', 'the text "0.0"'),
        ('"0e0"', 'the text "0e0"'),
        ('"0x0"', 'the text "0x0"'),
        ('"0_0"', 'the text "0_0"'),
        ('"OK"', 'the text "OK"'),
        ('"false"', 'the text "false"'),
        ('"\uff10\uff10"', 'the text "\\uff10\\uff10"'),
        ('"\uff10"', 'the text "\\uff10"'),
        ('"\u0660"', 'the text "\\u0660"'),
        ('"\u00b2"', 'the text "\\u00b2"'),
        ('"' + "0" * 11 + '"', 'the text "00000000000"'),
        ("9" * 5_000, "9" * 40 + "..."),
    ],
)  # fmt: skip
def test_a_result_that_is_no_integer_is_malformed(command: Command, given: str, came: str) -> None:
    reply = read(f'{{"result":{given},"status":"OK","data":{{"balance":1}}}}', command)
    assert reply.result == -1
    assert reply.malformed == f"result is {came}; send a JSON integer, 0 for success"


@pytest.mark.rule("3.3-numeric-text")
@EVERY_COMMAND
def test_a_result_as_text_of_digits_is_taken_with_a_note(command: Command) -> None:
    reply = read(success(command).replace('"result":0', '"result":"0"'), command)
    assert (reply.result, reply.malformed) == (0, None)
    assert reply.notes == ('result is the text "0", not a number',)


@pytest.mark.rule("3.3-numeric-text")
@pytest.mark.parametrize(("text", "result"), [("21", 21), ("31", 31), ("100", 100), ("00", 0)])
def test_any_result_may_be_text_of_digits(text: str, result: int) -> None:
    status = "ERROR" if result else "OK"
    body = f'{{"result":"{text}","status":"{status}","data":{{"balance":12.50}}}}'
    assert (read(body).result, read(body).malformed) == (result, None)


RESULTS_OF = {
    (Command.AUTHENTICATE, Revision.GUID): {0, 21, 22, 99, 100},
    (Command.AUTHENTICATE, Revision.ID): {0, 21, 22, 99, 100},
    (Command.BALANCE, Revision.GUID): {0, 21, 22, 99, 100},
    (Command.BALANCE, Revision.ID): {0, 21, 22, 99, 100},
    (Command.BET, Revision.GUID): {0, 21, 22, 31, 41, 99, 100},
    (Command.BET, Revision.ID): {0, 21, 22, 31, 41, 99, 100},
    (Command.WIN, Revision.GUID): {0, 21, 22, 41, 99, 100},
    (Command.WIN, Revision.ID): {0, 21, 22, 41, 99, 100},
    (Command.CANCEL, Revision.GUID): {0, 21, 22, 41, 43, 99, 100},
    (Command.CANCEL, Revision.ID): {0, 21, 22, 41, 42, 99, 100},
    (Command.STATUS, Revision.GUID): {0, 21, 42, 99, 100},
    (Command.STATUS, Revision.ID): {0, 21, 42, 99, 100},
}


@pytest.mark.rule(
    "3.2-check-21", "3.2-check-22", "3.2-check-31", "3.2-check-41", "3.2-check-42",
    "3.2-check-43", "3.2-result-99-100", "3.3-result-outside-table",
)  # fmt: skip
@pytest.mark.parametrize(("command", "revision"), RESULTS_OF)
def test_a_command_has_its_own_table_of_results(command: Command, revision: Revision) -> None:
    asked = question(command, revision=revision)
    numbers = {*range(-50, 1_300), 2001, 2002, 2006, 3003, 2**31, 2**63, 10**39}
    taken = {number for number in numbers - {0} if read(refusal(number), asked).malformed is None}
    assert taken == RESULTS_OF[command, revision] - {0}
    for number in taken:
        assert read(refusal(number), asked).result == number


@pytest.mark.rule("3.3-result-outside-table")
@pytest.mark.parametrize(
    ("result", "logged"),
    [(1, 1), (43, 43), (1015, 1015), (-1, -1), (-21, -1), (2**31 - 1, 2**31 - 1), (2**31, -1)],
)
def test_a_foreign_result_is_logged_as_far_as_it_is_one(result: int, logged: int) -> None:
    reply = read(refusal(result))
    assert reply.result == logged
    assert reply.malformed == (
        f"result is {result}, which bet has not; answer one of 0, 21, 22, 31, 41, 99, 100"
    )


# --- status --------------------------------------------------------------------------------------


@pytest.mark.rule("3.3-status-contradicts")
@EVERY_COMMAND
@pytest.mark.parametrize("status", ["ERROR", "error", "Error"])
def test_success_with_status_error_is_malformed(command: Command, status: str) -> None:
    reply = read(success(command).replace('"OK"', f'"{status}"', 1), command)
    assert reply.result == 0
    assert reply.malformed == "status ERROR contradicts result 0; send OK with it"


@pytest.mark.rule("3.3-status-contradicts")
@EVERY_COMMAND
@pytest.mark.parametrize("status", ["OK", "ok", "Ok"])
@pytest.mark.parametrize("result", [21, 99, 100])
def test_another_result_with_status_ok_is_malformed(
    command: Command, status: str, result: int
) -> None:
    reply = read(refusal(result).replace('"ERROR"', f'"{status}"'), command)
    assert reply.result == result
    assert reply.malformed == f"status OK contradicts result {result}; send ERROR with it"


@pytest.mark.rule("3.3-status-contradicts")
def test_the_right_status_is_compared_without_case() -> None:
    assert read(GOOD.replace('"OK"', '"ok"')).notes == ()
    assert read(refusal(21).replace("ERROR", "Error")).notes == ()


@pytest.mark.rule("3.3-status-odd")
@EVERY_COMMAND
@pytest.mark.parametrize(
    ("status", "came"),
    [
        ('"SUCCESS"', 'the text "SUCCESS"'),
        ('"OK "', 'the text "OK "'),
        ('"O\u212a"', 'the text "O\\u212a"'),
        ('""', 'the text ""'),
        ("null", "null"),
        ("true", "true"),
        ("1", "1"),
        ('["ERROR"]', "a list"),
    ],
)
def test_an_odd_status_is_taken_with_a_note(command: Command, status: str, came: str) -> None:
    reply = read(success(command).replace('"OK"', status, 1), command)
    assert (reply.result, reply.malformed) == (0, None)
    assert reply.notes == (f"status is {came}, not OK",)


@pytest.mark.rule("3.3-status-odd")
def test_a_missing_status_is_taken_with_a_note() -> None:
    assert read('{"result":0,"data":{"balance":12.50}}').notes == ("status is missing, not OK",)
    reply = read('{"result":31,"data":{"balance":12.50}}')
    assert (reply.result, reply.notes) == (31, ("status is missing, not ERROR",))


@pytest.mark.rule("3.3-extra-keys")
def test_extra_keys_are_ignored_with_a_note() -> None:
    reply = read(
        '{"result":0,"status":"OK","request_id":"\\u0007","data":'
        '{"balance":12.50,"currency":"EUR","a":1,"b":2,"c":3,"d":4,"e":{"result":5}}}'
    )
    assert (reply.malformed, reply.balance_minor) == (None, 1250)
    assert reply.notes == (
        'the reply has extra keys, ignored: "request_id"',
        'data has extra keys, ignored: "currency", "a", "b", "c", "d" and 1 more',
    )


@pytest.mark.rule("3.3-extra-keys")
def test_a_long_key_is_shown_short() -> None:
    reply = read(with_balance('12.50,"' + "k" * 1_000 + '":1'))
    assert reply.notes == ('data has extra keys, ignored: "' + "k" * 40 + '"...',)
