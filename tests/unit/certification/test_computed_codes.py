"""Certification: codes that a backend computed, and the mistake that gives the very code."""

import hashlib
import json
from base64 import b64decode, b64encode, urlsafe_b64encode

import pytest

from meganodes.certification.computed_codes import diagnose_computed
from meganodes.protocol.signature import secret_text
from tests.unit.certification.signing import BODY, KEY, SECRET, mac, made, signed, words

RIGHT = b"msg-1.1760000000." + BODY
ANEW = json.dumps(json.loads(BODY)).encode()


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


@pytest.mark.parametrize(("secret", "expected"), [("", "empty"), ("mnk_abc", "no whsec_")])
def test_what_is_no_secret_is_named(secret: str, expected: str) -> None:
    assert expected in words(diagnose_computed(signed(), secret, "x"))
