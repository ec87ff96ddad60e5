"""Packed bytes come back as they were, or say that they do not."""

from __future__ import annotations

import zlib
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meganodes.journal import packing
from meganodes.journal.packing import DEFLATED, PLAIN, pack, unpack
from meganodes.journal.retention import Body

BET = (
    b"POST /wallet HTTP/1.1\r\nHost: casino.example\r\nCallback-Token: ****\r\n"
    b"Accept: application/json\r\nContent-Type: application/json\r\nAccept-Encoding: identity\r\n"
    b"webhook-id: mn-0123456789abcdef0123456789abcdef01234567\r\nwebhook-timestamp: 1790000000\r\n"
    b"webhook-signature: ****\r\nMegaNodes-Attempt: 1\r\nMegaNodes-Deadline: 1790000002000\r\n"
    b"traceparent: 00-0123456789abcdef0123456789abcdef-0123456789abcdef-00\r\n"
    b'Content-Length: 61\r\n\r\n{"command":"bet","data":{"account":"alice","amount":1.50}}'
)
OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{"result":0,"status":"OK"}'


@given(st.binary(max_size=2_000), st.binary(max_size=2_000))
def test_whatever_is_packed_comes_back(request: bytes, reply: bytes) -> None:
    sent, came, how = pack(request, reply)
    assert (unpack(sent, how), unpack(came, how)) == (request, reply)
    assert len(sent) + len(came) <= len(request) + len(reply)


def test_a_usual_callback_takes_less_than_half_the_room() -> None:
    sent, came, how = pack(BET, OK)
    assert how == DEFLATED
    assert 2 * (len(sent) + len(came)) < len(BET) + len(OK)


def test_what_packing_would_make_longer_stays_as_it_is() -> None:
    noise = b"".join(sha256(bytes([each])).digest() for each in range(64))
    assert pack(noise, b"") == (noise, b"", PLAIN)
    assert pack(b"", b"") == (b"", b"", PLAIN)


@pytest.mark.parametrize("how", [DEFLATED, 2])
@pytest.mark.parametrize("damaged", [b"", b"no stream", BET, pack(BET, OK)[0][:-1]])
def test_damaged_bytes_say_so_before_them(damaged: bytes, how: int) -> None:
    assert unpack(damaged, how) == b"These bytes cannot be unpacked: " + damaged


def test_a_stream_that_would_fill_the_memory_is_not_unpacked() -> None:
    packed = zlib.compress(bytes(packing.UNPACKED_MAX + 1))
    assert unpack(packed, DEFLATED).startswith(b"These bytes cannot be unpacked")


def test_the_preset_text_is_what_stored_bytes_were_packed_with() -> None:
    """Another text would make all packed bytes unreadable: a change of it is a new number."""
    assert (
        sha256(packing._USUAL_1).hexdigest()
        == "f87dd001ccb93b88f51b1a9dd75f4fe2e9d2b93554143ff5708ed6dbf7b24674"
    )


def test_what_is_packed_is_not_packed_again() -> None:
    plain = Body(7, 1, BET, OK, PLAIN)
    packed = plain.packed()
    assert packed.packing == DEFLATED
    assert packed.packed() is packed
    assert packed.digested() == plain.digested()
