"""A link to a round opens for an hour, and only as it was written."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meganodes.hub.round_page_link import (
    LINK_SECONDS,
    RoundLink,
    RoundLinkFault,
    read_link,
    write_link,
)

KEY = b"k" * 32
OTHER = b"o" * 32
NOW = 1_790_000_000
NOW_MS = NOW * 1_000
LINK = RoundLink(agent_id=3, trans_id=2**53 - 1, expires_at=NOW + LINK_SECONDS)
TEXT = write_link(LINK, KEY)


def test_link_is_read_as_it_was_written() -> None:
    assert read_link(TEXT, (KEY,), NOW_MS) == LINK


def test_link_has_url_safe_characters_only_and_is_short() -> None:
    assert TEXT.replace("-", "a").replace("_", "a").isalnum()
    assert len(TEXT) == 76


@pytest.mark.rule("2.2-round-details-signed")
@pytest.mark.parametrize(
    ("after_ms", "expected"),
    [
        (LINK_SECONDS * 1_000 - 1, LINK),
        (LINK_SECONDS * 1_000, RoundLinkFault.EXPIRED),
        (10**12, RoundLinkFault.EXPIRED),
    ],
)
def test_link_ends_after_an_hour(after_ms: int, expected: RoundLink | RoundLinkFault) -> None:
    assert read_link(TEXT, (KEY,), NOW_MS + after_ms) == expected


@pytest.mark.rule("2.2-round-details-signed")
@pytest.mark.parametrize("at", range(57))
def test_every_byte_of_a_link_is_signed(at: int) -> None:
    raw = bytearray(urlsafe_b64decode(TEXT))
    raw[at] ^= 1
    changed = urlsafe_b64encode(raw).decode()
    assert read_link(changed, (KEY,), NOW_MS) is RoundLinkFault.UNKNOWN
    assert read_link(changed, (KEY,), NOW_MS + 10**10) is RoundLinkFault.UNKNOWN, "no oracle"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "t",
        TEXT[:-1],
        TEXT + "A",
        TEXT + "====",
        TEXT[:-4],
        TEXT[:-1] + "=",
        TEXT[:-1] + "!",
        TEXT[:-1] + " ",
        TEXT[:-1] + "é",
        "é" * 76,
        "=" * 76,
        "A" * 76,
        "+" * 76,
    ],
)
def test_what_is_no_link_is_unknown(text: str) -> None:
    assert read_link(text, (KEY,), NOW_MS) is RoundLinkFault.UNKNOWN


@given(text=st.text(max_size=90))
def test_no_text_at_all_breaks_the_reading(text: str) -> None:
    assert read_link(text, (KEY,), NOW_MS) is RoundLinkFault.UNKNOWN


def test_link_has_one_spelling() -> None:
    numbers = (LINK.trans_id - count for count in range(40))
    texts = [write_link(replace(LINK, trans_id=number), KEY) for number in numbers]
    other = [text.replace("-", "+").replace("_", "/") for text in texts]
    assert texts != other
    for text, respelled in zip(texts, other, strict=True):
        assert (read_link(respelled, (KEY,), NOW_MS) == RoundLinkFault.UNKNOWN) == (
            text != respelled
        )


def test_key_of_another_hub_opens_nothing() -> None:
    assert read_link(TEXT, (OTHER,), NOW_MS) is RoundLinkFault.UNKNOWN
    assert read_link(TEXT, (), NOW_MS) is RoundLinkFault.UNKNOWN


def test_link_outlives_a_change_of_the_key() -> None:
    assert read_link(TEXT, (OTHER, KEY), NOW_MS) == LINK
    assert read_link(write_link(LINK, OTHER), (OTHER, KEY), NOW_MS) == LINK


def test_link_of_another_version_is_unknown() -> None:
    fields = bytes([2]) + urlsafe_b64decode(TEXT)[1:25]
    signed = fields + hmac.digest(KEY, fields, "sha256")
    text = urlsafe_b64encode(signed).decode()
    assert read_link(text, (KEY,), NOW_MS) is RoundLinkFault.UNKNOWN
