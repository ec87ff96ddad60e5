"""Tokens are found by their form, wherever others put them."""

import pytest

from meganodes.kit.clock import ManualClock
from meganodes.kit.identity import SystemIdentity
from meganodes.kit.masking import masked_bytes, masked_text
from meganodes.kit.tokens import (
    API_PREFIX,
    CALLBACK_PREFIX,
    LAUNCH_PREFIX,
    PROVIDER_PREFIX,
    SESSION_PREFIX,
    STAFF_CODE_PREFIX,
    STAFF_PREFIX,
    new_token,
)
from meganodes.protocol.signature import secret_text

PREFIXES = (
    API_PREFIX,
    CALLBACK_PREFIX,
    LAUNCH_PREFIX,
    PROVIDER_PREFIX,
    SESSION_PREFIX,
    STAFF_CODE_PREFIX,
    STAFF_PREFIX,
)
IDENTITY = SystemIdentity(ManualClock(), 0)
WRAPPINGS = ("{}", '"{}"', "Callback-Token: {}\r\nHost: x", "a\\n{}\\n", "%20{}%20", "({}),", "x{}")


@pytest.mark.security("leakage")
@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_every_kind_of_token_is_masked_wherever_it_stands(prefix: str, wrapping: str) -> None:
    token = new_token(prefix, IDENTITY).reveal()
    found = wrapping.format(token)
    right = wrapping.format(f"{prefix}****")
    assert masked_text(found) == right
    assert masked_bytes(found.encode()) == right.encode()


@pytest.mark.security("leakage")
def test_signing_secret_is_masked() -> None:
    text = f"SIGNING_SECRET={secret_text(b'+/' * 16)};"
    assert masked_text(text) == "SIGNING_SECRET=whsec_****;"
    assert masked_bytes(text.encode()) == b"SIGNING_SECRET=whsec_****;"


@pytest.mark.security("leakage")
def test_of_a_token_that_was_cut_off_no_more_stays_than_people_are_shown() -> None:
    token = new_token(CALLBACK_PREFIX, IDENTITY).reveal()
    for length in range(len(token) + 1):
        left = masked_bytes(b"token: " + token[:length].encode())
        assert len(left) <= len("token: mnc_1234567"), left


@pytest.mark.parametrize("text", ["", "mnc_", "mnc_short", "snake_case", "mnx_0123456789abcdef"])
def test_what_is_no_token_stays(text: str) -> None:
    assert masked_text(text) == text
    assert masked_bytes(text.encode()) == text.encode()
