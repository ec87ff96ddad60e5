"""Bytes of catalogue files: what is UTF-8 within bounds is read, all else is a sentence."""

from __future__ import annotations

import codecs

import pytest

from meganodes.hub.catalogue_text import FILE_BYTES_MAX, TextFault, decoded


def test_utf_8_is_read_with_or_without_its_mark() -> None:
    assert decoded("과일\r\n".encode()) == "과일\r\n"
    assert decoded(codecs.BOM_UTF8 + "과일".encode()) == "과일"


@pytest.mark.parametrize(
    ("content", "sentence", "line"),
    [
        (b"", "it is empty", None),
        (b" \r\n\t", "it is empty", None),
        (codecs.BOM_UTF8, "it is empty", None),
        ("a,b".encode("utf-16"), "it is UTF-16 text: save it as UTF-8", None),
        (codecs.BOM_UTF16_BE + "a".encode("utf-16-be"), "it is UTF-16 text", None),
        ("a,b".encode("utf-32"), "it is UTF-32 text", None),
        (codecs.BOM_UTF32_BE + "a".encode("utf-32-be"), "it is UTF-32 text", None),
        (b"a\nb\n\xe9t\xe9\n", "it is not UTF-8: there is a byte 0xe9", 3),
        (b"a\n\xed\xa0\x80", "it is not UTF-8: there is a byte 0xed", 2),
        (b"a\n\n\xc3", "it is not UTF-8: there is a byte 0xc3", 3),
        (b"a\nb\0c", "it holds a NUL character", 2),
        (b"[" * 4_000_001, "more than 4000000 values", None),
        (b"x" * (FILE_BYTES_MAX + 1), f"more than {FILE_BYTES_MAX} bytes", None),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_read_says_why_and_where(
    content: bytes, sentence: str, line: int | None
) -> None:
    with pytest.raises(TextFault) as refused:
        decoded(content)
    assert sentence in refused.value.sentence
    assert refused.value.line == line
