"""Accept-Encoding as callers send it, and the bytes they get (RFC 9110, 12.5.3)."""

from __future__ import annotations

import gzip

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from meganodes.kit.content_coding import Accepted, Coding, accepted, compressed

TEXT = b'{"game_name":"Fruits","locale_name":"Fruits"}' * 100


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, Coding.IDENTITY),
        ("", Coding.IDENTITY),
        ("identity", Coding.IDENTITY),
        ("deflate", Coding.IDENTITY),
        ("gzip", Coding.GZIP),
        ("x-gzip", Coding.GZIP),
        ("br", Coding.BROTLI),
        ("zstd", Coding.ZSTD),
        ("gzip, deflate", Coding.GZIP),
        ("gzip, deflate, br", Coding.BROTLI),
        ("gzip, deflate, br, zstd", Coding.ZSTD),
        ("gzip,deflate,br,zstd", Coding.ZSTD),
        ("GZIP ; Q=0.5", Coding.GZIP),
        ("gzip;q=1.0, br;q=0.9", Coding.GZIP),
        ("gzip;q=0.001", Coding.GZIP),
        ("br;q=1.000, zstd;q=0.999", Coding.BROTLI),
        ("gzip;q=0", Coding.IDENTITY),
        ("gzip;q=0.000, br;q=0.", Coding.IDENTITY),
        ("identity, gzip;q=0.5", Coding.IDENTITY),
        ("identity;q=0.5, gzip;q=0.5", Coding.GZIP),
        ("gzip, gzip;q=0", Coding.GZIP),
    ],
)
def test_best_of_what_the_caller_takes_is_chosen(header: str | None, coding: Coding) -> None:
    assert accepted(header).coding is coding


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("*", Coding.GZIP),
        ("*;q=0", Coding.IDENTITY),
        ("*;q=0, br", Coding.BROTLI),
        ("gzip;q=0, *", Coding.BROTLI),
        ("*;q=0.5, zstd;q=0.1", Coding.GZIP),
        ("*;q=0.5, identity", Coding.IDENTITY),
        ("*, br", Coding.BROTLI),
    ],
)
def test_star_stands_for_what_is_not_listed(header: str, coding: Coding) -> None:
    assert accepted(header).coding is coding


@pytest.mark.parametrize(
    "header",
    [
        "gzip;q=2",
        "gzip;q=-1",
        "gzip;q=abc",
        "gzip;q=",
        "gzip;q=0.5000",
        "gzip;q=nan",
        "gzip;q=\u0661",
        "gzip;level=9",
        "gzip;q=1;x=2",
        "gzip br",
        "\uff47zip",
        ";q=1",
        ",,,",
        "\x00",
        "=",
    ],
)
def test_element_out_of_form_counts_as_not_sent(header: str) -> None:
    assert accepted(header) == Accepted(Coding.IDENTITY, takes_identity=True)
    assert accepted(f"{header}, br;q=0.1").coding is Coding.BROTLI


@pytest.mark.parametrize(
    ("header", "takes_identity"),
    [
        ("gzip", True),
        ("gzip, identity;q=0", False),
        ("gzip, *;q=0", False),
        ("gzip, *;q=0, identity;q=0.1", True),
        ("identity;q=0", True),
        ("*;q=0", True),
    ],
)
def test_plain_bytes_may_be_refused_where_there_is_something_else(
    header: str, takes_identity: bool
) -> None:
    assert accepted(header).takes_identity is takes_identity


@given(st.text() | st.text("gzipbrstd*;q=01., \t-"))
def test_any_text_gives_an_answer(header: str) -> None:
    coding, takes_identity = accepted(header)
    assert coding in Coding
    assert takes_identity or coding is not Coding.IDENTITY


@pytest.mark.parametrize("is_kept", [False, True])
def test_what_is_compressed_can_be_read_again(is_kept: bool) -> None:
    packed = {each: compressed(TEXT, each, is_kept=is_kept) for each in Coding}
    assert packed[Coding.IDENTITY] == TEXT
    assert gzip.decompress(packed[Coding.GZIP]) == TEXT
    assert brotli.decompress(packed[Coding.BROTLI]) == TEXT
    assert zstandard.ZstdDecompressor().decompress(packed[Coding.ZSTD]) == TEXT
    assert max(len(body) for each, body in packed.items() if each is not Coding.IDENTITY) < 200


def test_same_bytes_are_compressed_to_the_same() -> None:
    for coding in Coding:
        assert compressed(TEXT, coding) == compressed(TEXT, coding)
