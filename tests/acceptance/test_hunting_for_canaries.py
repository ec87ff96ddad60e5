"""The search for leaked secrets finds what was planted, in every form, wherever it was cut."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import markupsafe
import pytest

from meganodes.kit.clock import ManualClock
from meganodes.kit.identity import SystemIdentity
from meganodes.kit.tokens import CALLBACK_PREFIX, new_token
from tests.support.canaries import FORMS, Hunt

TOKEN = new_token(CALLBACK_PREFIX, SystemIdentity(ManualClock(), 0)).reveal().encode()
RAW = bytes(range(200, 232))
PASSWORD = b"Zx7+/?&\"'<Qw9:canary"
SECRETS = {"token": TOKEN, "raw key": RAW, "password": PASSWORD}


def escaped(secret: bytes) -> bytes:
    return "".join(f"\\u{each:04x}" for each in secret).encode()


def percent(secret: bytes) -> bytes:
    return "".join(f"%{each:02X}" for each in secret).encode()


WAYS = {
    "plain": lambda secret: secret,
    "reversed": lambda secret: secret[::-1],
    "hex": lambda secret: secret.hex().encode(),
    "upper hex": lambda secret: secret.hex().upper().encode(),
    "base64": base64.b64encode,
    "base64 after one byte": lambda secret: base64.b64encode(b"x" + secret + b"yz"),
    "base64 after two bytes": lambda secret: base64.b64encode(b"xy" + secret + b"z"),
    "base64 for addresses": lambda secret: base64.urlsafe_b64encode(b":" + secret),
    "percent": percent,
    "percent in small letters": lambda secret: percent(secret).lower(),
    "json escapes": escaped,
    "utf-16": lambda secret: secret.decode("latin-1").encode("utf-16-le"),
}


@pytest.mark.security("leakage")
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_planted_secret_is_found_in_every_form(way: object, secret: bytes) -> None:
    assert callable(way)
    hunt = Hunt()
    hunt.plant("canary", secret)
    for before in (b"x" * length for length in range(8)):
        content = before + b"\n{" + way(secret) + b"}\n"
        assert [hit.canary for hit in hunt.find("here", content)][:1] == ["canary"]


@pytest.mark.security("leakage")
def test_text_is_found_as_json_html_and_addresses_write_it() -> None:
    hunt = Hunt()
    hunt.plant("canary", PASSWORD)
    text = PASSWORD.decode()
    for written in (
        json.dumps(text),
        quote(text),
        quote(text, safe=""),
        str(markupsafe.escape(text)),
    ):
        assert hunt.find("here", written.encode()), written


@pytest.mark.security("leakage")
def test_half_of_a_token_is_found_and_what_people_may_see_of_it_is_not() -> None:
    hunt = Hunt()
    hunt.plant("canary", TOKEN)
    assert hunt.find("here", TOKEN[:33])
    assert hunt.find("here", TOKEN[-27:])
    assert not hunt.find("here", TOKEN[:12] + b"...")


def test_what_belongs_there_is_left_out_and_what_was_searched_is_counted() -> None:
    hunt = Hunt()
    hunt.plant("canary", TOKEN)
    assert not hunt.find("here", TOKEN, but=("canary",))
    assert hunt.searched == len(TOKEN)


def test_every_form_has_its_name() -> None:
    hunt = Hunt()
    hunt.plant("canary", PASSWORD)
    assert {form for _, form, _ in hunt._needles(())} <= set(FORMS)
