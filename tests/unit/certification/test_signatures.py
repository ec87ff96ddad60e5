"""Certification: signatures that do not fit, and the mistake that gives the very code at hand."""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import replace

import pytest

from meganodes.certification.mistakes.record import Diagnosis
from meganodes.certification.signatures import SignedCall, diagnose_computed, diagnose_signature
from meganodes.protocol.signature import secret_text, sign

KEY = bytes(range(200, 224)) + b"\xfb\xff"
SECRET = secret_text(KEY)
NOW = 1_760_000_000
BODY = (
    b'{"command":"bet","data":{"gplay_id":"7001","account":"anna","trans_guid":"mn-1",'
    b'"time_stamp":1760000000123,"round_id":"r/9","provider_id":200,"game_code":"lucky_7",'
    b'"game_type":"slot","amount":12.50,"type":1},"timestamp":"1760000000","check":"21,22,41,31"}'
)


def signed(body: bytes = BODY, *, key: bytes = KEY, timestamp: int = NOW) -> SignedCall:
    header = sign(key, "msg-1", timestamp, body)
    return SignedCall(webhook_id="msg-1", timestamp=str(timestamp), header=header, body=body)


def words(found: tuple[Diagnosis, ...]) -> str:
    assert len(found) == 1, found
    assert found[0].rule.startswith("3.1: ")
    return f"{found[0].sentence} {found[0].mend}"


def test_a_right_signature_needs_no_words() -> None:
    assert diagnose_signature(signed(), SECRET) == ()
    assert diagnose_signature(signed(), SECRET, NOW + 300) == ()


def test_one_of_two_signatures_is_enough_while_secrets_are_exchanged() -> None:
    call = signed()
    both = replace(call, header=f"{signed(key=b'k' * 32).header} {call.header}")
    assert diagnose_signature(both, SECRET) == ()


@pytest.mark.parametrize(
    ("secret", "expected"),
    [
        (f" {SECRET}\n", "blanks or line breaks"),
        (SECRET.removeprefix("whsec_"), "whsec_ is missing"),
        (SECRET.rstrip("="), "= at its end"),
        (SECRET.replace("+", "-").replace("/", "_"), "- and _ stand in it"),
    ],
)
def test_a_secret_that_was_copied_badly_is_named(secret: str, expected: str) -> None:
    assert secret != SECRET
    said = words(diagnose_signature(signed(), secret))
    assert expected in said
    assert said.startswith("The signature fits")


@pytest.mark.parametrize(("secret", "expected"), [("", "empty"), ("mnk_abc", "no whsec_")])
def test_what_is_no_secret_is_named(secret: str, expected: str) -> None:
    assert expected in words(diagnose_signature(signed(), secret))
    assert expected in words(diagnose_computed(signed(), secret, "x"))


def test_the_secret_of_somebody_else_is_not_explained_away() -> None:
    said = words(diagnose_signature(signed(key=b"other" * 6), SECRET))
    assert "none of the usual mistakes" in said
    assert "another installation" in said


@pytest.mark.parametrize(
    ("header", "expected"),
    [("", "is missing"), ("***", "no code that begins with v1,"), ("v1a,xyz", "begins with v1,")],
)
def test_a_header_without_a_code_is_named(header: str, expected: str) -> None:
    assert expected in words(diagnose_signature(replace(signed(), header=header), SECRET))


REWRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "python": lambda body: json.dumps(json.loads(body)).encode(),
    "sorted": lambda body: json.dumps(json.loads(body), sort_keys=True).encode(),
    "pretty": lambda body: json.dumps(json.loads(body), indent=2).encode(),
    "javascript": lambda body: json.dumps(
        json.loads(body, parse_float=lambda text: int(text[:-3]) if text.endswith(".00") else 12.5),
        separators=(",", ":"),
    ).encode(),
}


@pytest.mark.parametrize("rewrite", REWRITTEN)
@pytest.mark.parametrize("amount", [b"12.50", b"12.00", b"0.00", b"12.50000000"])
def test_a_body_that_was_parsed_and_written_anew_is_found_out(rewrite: str, amount: bytes) -> None:
    sent = BODY.replace(b"12.50", amount)
    got = REWRITTEN[rewrite](sent)
    assert got != sent
    said = words(diagnose_signature(replace(signed(sent), body=got), SECRET))
    assert "parsed and written anew" in said
    assert "express.raw" in said


def test_a_currency_without_decimals_is_found_out_too() -> None:
    sent = BODY.replace(b"12.50", b"12")
    got = json.dumps(json.loads(sent)).encode()
    assert "parsed and written" in words(
        diagnose_signature(replace(signed(sent), body=got), SECRET)
    )


def test_the_body_of_the_other_revision_is_found_out_too() -> None:
    sent = (
        b'{"command":"win","data":{"account":"anna","trans_id":17,"call_id":0,"round_id":"r-9",'
        b'"provider_id":200,"provider_name":"P","game_code":"g","game_name":"J\\u00f6","game_type":'
        b'"Slots","amount":0.00,"type":2},"timestamp":"1760000000","check":"21,22,41"}'
    )
    got = json.dumps(json.loads(sent), sort_keys=True, ensure_ascii=False).encode()
    assert "parsed and written" in words(
        diagnose_signature(replace(signed(sent), body=got), SECRET)
    )


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (BODY + b"\n", "line break"),
        (b" " + BODY + b" ", "blanks"),
        (b"\xef\xbb\xbf" + BODY, "byte order mark"),
    ],
)
def test_what_was_put_around_the_body_is_named(got: bytes, expected: str) -> None:
    assert expected in words(diagnose_signature(replace(signed(), body=got), SECRET))


def test_a_changed_body_is_not_explained_away() -> None:
    for got in (BODY.replace(b"anna", b"bert"), b"", b"[1]", b"no json"):
        said = words(diagnose_signature(replace(signed(), body=got), SECRET))
        assert "none of the usual mistakes" in said


def test_id_and_timestamp_in_each_others_place_are_found() -> None:
    call = signed()
    swapped = replace(call, webhook_id=call.timestamp, timestamp=call.webhook_id)
    assert "changed places" in words(diagnose_signature(swapped, SECRET))


@pytest.mark.parametrize(
    ("now_seconds", "expected"),
    [
        (NOW + 301, "301 s ahead"),
        (NOW - 400, "400 s behind"),
        (NOW + 9 * 3_600 + 2, "9 h ahead: local time"),
        (NOW - 19_800, "5.5 h behind: local time"),
        (NOW * 1_000 + 17, "milliseconds"),
        (NOW + 30 * 86_400, "2592000 s ahead"),
    ],
)
def test_a_clock_that_is_off_is_named(now_seconds: int, expected: str) -> None:
    assert expected in words(diagnose_signature(signed(), SECRET, now_seconds))


def test_a_timestamp_that_is_no_number_is_named() -> None:
    header = "v1," + made(KEY, b"msg-1.soon." + BODY)
    call = SignedCall(webhook_id="msg-1", timestamp="soon", header=header, body=BODY)
    assert "no whole number" in words(diagnose_signature(call, SECRET, NOW))


# --- codes that a backend computed ---------------------------------------------------------------

RIGHT = b"msg-1.1760000000." + BODY
ANEW = json.dumps(json.loads(BODY)).encode()


def mac(key: bytes, message: bytes, kind: str = "sha256") -> bytes:
    return hmac.digest(key, message, kind)


def made(key: bytes, message: bytes) -> str:
    return b64encode(mac(key, message)).decode()


@pytest.mark.parametrize("code", [made(KEY, RIGHT), "v1," + made(KEY, RIGHT), signed().header])
def test_a_right_code_needs_no_words(code: str) -> None:
    assert diagnose_computed(signed(), SECRET, code) == ()


COMPACT = json.dumps(json.loads(BODY), separators=(",", ":"))
COMPUTED = {
    "in hex": mac(KEY, RIGHT).hex(),
    "IN HEX": mac(KEY, RIGHT).hex().upper(),
    "base64 for addresses": urlsafe_b64encode(mac(KEY, RIGHT)).decode(),
    "= at the end is cut off": made(KEY, RIGHT).rstrip("="),
    "text of the hex digest": b64encode(mac(KEY, RIGHT).hex().encode()).decode(),
    "the whole text of the secret": made(SECRET.encode(), RIGHT),
    "not decoded from base64": made(SECRET.removeprefix("whsec_").encode(), RIGHT),
    "without dots": made(KEY, RIGHT.replace(b".", b"", 2)),
    "timestamp stands before the id": made(KEY, b"1760000000.msg-1." + BODY),
    "the id is left out": made(KEY, b"1760000000." + BODY),
    "the timestamp is left out": made(KEY, b"msg-1." + BODY),
    "only the body is signed": made(KEY, BODY),
    "by colons": made(KEY, b"msg-1:1760000000:" + BODY),
    "SHA-512": b64encode(mac(KEY, RIGHT, "sha512")).decode(),
    "SHA-1": b64encode(mac(KEY, RIGHT, "sha1")).decode(),
    "plain SHA-256": b64encode(hashlib.sha256(KEY + RIGHT).digest()).decode(),
    "json.dumps of Python": made(KEY, b"msg-1.1760000000." + ANEW),
    "without blanks": made(KEY, b"msg-1.1760000000." + COMPACT.encode()),
    "json_encode of PHP": made(KEY, b"msg-1.1760000000." + COMPACT.replace("/", "\\/").encode()),
    "only its data": made(
        KEY, b"msg-1.1760000000." + json.dumps(json.loads(BODY)["data"]).encode()
    ),
    "a line break stands behind the body": made(KEY, RIGHT + b"\n"),
}


@pytest.mark.parametrize("mistake", COMPUTED)
def test_the_mistake_behind_a_computed_code_is_named(mistake: str) -> None:
    said = words(diagnose_computed(signed(), SECRET, COMPUTED[mistake]))
    assert mistake.lower() in said.lower()
    assert " and " not in said.partition(". ")[0].removeprefix("The code").replace(
        "timestamp and body", ""
    ).replace("key and message", "")


def test_two_mistakes_at_once_are_both_named() -> None:
    both = mac(SECRET.encode(), b"msg-1.1760000000." + ANEW).hex()
    said = words(diagnose_computed(signed(), SECRET, both))
    assert "json.dumps of Python and the whole text of the secret" in said
    assert "in hex" in said


def test_a_secret_decoded_with_its_prefix_is_named() -> None:
    key = secret_text(bytes(26))  # one whose text decodes with the prefix in front
    wrong = b64decode(key + "==")
    call = signed(key=bytes(26))
    assert "whsec_ still in front" in words(diagnose_computed(call, key, made(wrong, RIGHT)))


def test_a_code_of_nothing_known_is_not_explained_away() -> None:
    assert "none of the usual mistakes" in words(diagnose_computed(signed(), SECRET, "abc"))


def test_a_call_that_is_no_json_is_looked_at_all_the_same() -> None:
    call = signed(b"no json")
    code = mac(KEY, b"msg-1.1760000000.no json").hex()
    assert "in hex" in words(diagnose_computed(call, SECRET, code))
