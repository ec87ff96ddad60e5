"""Signatures after Standard Webhooks, held against an HMAC written out by hand."""

import base64
import hashlib

import pytest

from meganodes.protocol.signature import (
    SignatureFault,
    parse_secret,
    secret_text,
    sign,
    signature_fault,
    verify,
)

SECRET = bytes(range(24))
OTHER = bytes(range(100, 132))
ID = "mn-0123456789abcdef"
NOW = 1_760_000_000
BODY = b'{"command":"balance","data":{"account":"anna"}}'


def hmac_by_hand(secret: bytes, signed: bytes) -> bytes:
    """Compute HMAC-SHA256 from its definition (RFC 2104), without the hmac module."""
    key = (secret if len(secret) <= 64 else hashlib.sha256(secret).digest()).ljust(64, b"\0")
    inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in key) + signed).digest()
    return hashlib.sha256(bytes(byte ^ 0x5C for byte in key) + inner).digest()


def by_hand(secret: bytes, webhook_id: str, timestamp: int, body: bytes) -> str:
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac_by_hand(secret, signed)).decode()


def is_believed(header: str, *, now: float = NOW, secrets: tuple[bytes, ...] = (SECRET,)) -> bool:
    return verify(secrets, ID, NOW, BODY, header, now_seconds=now)


@pytest.mark.rule("3.1-header-signature")
@pytest.mark.parametrize("secret", [SECRET, OTHER, b"k" * 64, b"\xff" * 24])
@pytest.mark.parametrize("body", [BODY, b"", "안녕".encode(), b"a.b.c", bytes(range(256))])
def test_a_signature_is_the_hmac_of_id_timestamp_and_body(secret: bytes, body: bytes) -> None:
    assert sign(secret, ID, NOW, body) == by_hand(secret, ID, NOW, body)


@pytest.mark.rule("3.1-header-signature")
def test_the_vector_of_the_standard_comes_out() -> None:
    """The example of the Standard Webhooks libraries, body and secret as they publish them."""
    secret = parse_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_a_signature_of_ours_is_believed() -> None:
    assert is_believed(sign(SECRET, ID, NOW, BODY)) is True


@pytest.mark.rule("3.1-header-signature-overlap")
def test_one_good_signature_among_several_is_enough() -> None:
    new, old = sign(OTHER, ID, NOW, BODY), sign(SECRET, ID, NOW, BODY)
    assert is_believed(f"{new} {old}") is True
    assert is_believed(f"v2,abc  v1a,def {old}") is True
    assert is_believed(old, secrets=(OTHER, SECRET)) is True


@pytest.mark.parametrize(
    "header",
    [
        "",
        "v1,",
        "v1",
        "v1,AAAA",
        "v1,\u00e9\ud800",
        sign(OTHER, ID, NOW, BODY),
        sign(SECRET, ID + "x", NOW, BODY),
        sign(SECRET, ID, NOW + 1, BODY),
        sign(SECRET, ID, NOW, BODY + b" "),
        sign(SECRET, ID, NOW, BODY).removeprefix("v1,"),
        sign(SECRET, ID, NOW, BODY).replace("v1,", "v2,"),
        " ".join(["v1,AAAA"] * 16 + [sign(SECRET, ID, NOW, BODY)]),
    ],
)
def test_anything_else_is_not_believed(header: str) -> None:
    assert is_believed(header) is False
    fault = signature_fault((SECRET,), ID, NOW, BODY, header, now_seconds=NOW)
    assert fault is SignatureFault.NO_MATCH


def test_without_a_secret_nothing_is_believed() -> None:
    assert is_believed(sign(b"", ID, NOW, BODY), secrets=()) is False


@pytest.mark.parametrize("now", [NOW, NOW + 300, NOW - 300])
def test_five_minutes_either_way_are_inside_the_window(now: float) -> None:
    assert is_believed(sign(SECRET, ID, NOW, BODY), now=now) is True


@pytest.mark.parametrize("now", [NOW + 300.5, NOW - 301, 0])
def test_outside_the_window_even_a_good_signature_is_old(now: float) -> None:
    header = sign(SECRET, ID, NOW, BODY)
    fault = signature_fault((SECRET,), ID, NOW, BODY, header, now_seconds=now)
    assert fault is SignatureFault.TIMESTAMP_OUTSIDE_WINDOW
    assert verify((SECRET,), ID, NOW, BODY, header, now_seconds=now) is False
    assert verify((SECRET,), ID, NOW, BODY, header, now_seconds=now, tolerance_seconds=2e9) is True


@pytest.mark.parametrize(
    "timestamp", ["", "x", "-1", "1.5", " 1", "1\n", "\uff11", "9" * 16, "1e3"]
)
def test_a_timestamp_that_is_no_number_of_seconds_is_named(timestamp: str) -> None:
    header = sign(SECRET, ID, NOW, BODY)
    fault = signature_fault((SECRET,), ID, timestamp, BODY, header, now_seconds=NOW)
    assert fault is SignatureFault.TIMESTAMP_UNREADABLE


def test_a_timestamp_may_come_as_the_text_of_its_header() -> None:
    header = sign(SECRET, ID, NOW, BODY)
    assert verify((SECRET,), ID, str(NOW), BODY, header, now_seconds=NOW) is True
    padded = "0" + str(NOW)
    assert verify((SECRET,), ID, padded, BODY, header, now_seconds=NOW) is False


@pytest.mark.parametrize("secret", [SECRET, OTHER, b"x" * 64])
def test_a_secret_comes_back_from_its_text(secret: bytes) -> None:
    text = secret_text(secret)
    assert text == "whsec_" + base64.standard_b64encode(secret).decode()
    assert parse_secret(text) == secret


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "starts with whsec_"),
        (base64.b64encode(SECRET).decode(), "starts with whsec_"),
        ("whsec_", "24 to 64 bytes"),
        ("whsec_" + base64.b64encode(b"x" * 23).decode(), "24 to 64 bytes"),
        ("whsec_" + base64.b64encode(b"x" * 65).decode(), "24 to 64 bytes"),
        ("whsec_?", "whsec_ and base64"),
        ("whsec_" + base64.b64encode(SECRET).decode()[:-1], "whsec_ and base64"),
        ("whsec_é", "whsec_ and base64"),
    ],
)
def test_a_text_that_is_no_secret_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_secret(text)
