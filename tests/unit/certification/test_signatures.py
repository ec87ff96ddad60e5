"""Certification: signatures that do not fit, and the mistake that gives the very code at hand."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from meganodes.certification.signatures import SignedCall, diagnose_signature
from tests.unit.certification.signing import BODY, KEY, NOW, SECRET, made, signed, words


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
