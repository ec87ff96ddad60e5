"""Bytes to replies: what is complete, what is not, and what may come after (contract 3.3)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meganodes.callbacks.exchange import REPLY_BYTES_KEPT
from meganodes.callbacks.reader import (
    HEAD_BYTES_MAX,
    INTERIM_REPLIES_MAX,
    ReplyReader,
)
from tests.support.hostile_backend import PLAIN_REPLY, chunked, http
from tests.support.hostile_replies import BODY_MAX, BROKEN, INTERIM


def read(*pieces: bytes) -> ReplyReader:
    reader = ReplyReader()
    for piece in pieces:
        reader.feed(piece)
    return reader


def in_pieces(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 10_000])
@pytest.mark.parametrize(
    "raw",
    [
        http(),
        chunked(PLAIN_REPLY),
        chunked(PLAIN_REPLY[:10], PLAIN_REPLY[10:]),
        INTERIM + INTERIM + http(),
        http(start=b"HTTP/1.0 200 OK"),
        http(start=b"HTTP/1.1 200"),
        http(headers=(b"content-TYPE:application/json  ", b"X-Empty:")),
    ],
)
def test_complete_reply_is_read_however_it_is_cut(raw: bytes, size: int) -> None:
    reader = read(*in_pieces(raw, size))
    assert reader.fault is None
    assert reader.complete
    reply = reader.reply()
    assert (reply.status, reply.body) == (200, PLAIN_REPLY)
    assert reader.raw == reader.kept == raw


def test_headers_keep_order_casing_and_repetition_without_blanks_around() -> None:
    reader = read(http(b"{}", headers=(b"X-Two: 1", b"x-two:  2  ", b"Content-Type: text/html")))
    assert reader.reply().headers == (
        (b"X-Two", b"1"),
        (b"x-two", b"2"),
        (b"Content-Type", b"text/html"),
        (b"Content-Length", b"2"),
    )


@pytest.mark.parametrize("status", [204, 302, 400, 500, 503, 999])
def test_any_final_status_is_a_complete_reply(status: int) -> None:
    reader = read(http(b"", start=b"HTTP/1.1 %d X" % status))
    assert reader.complete
    assert reader.fault is None
    assert reader.reply().status == status


@pytest.mark.rule("3.3-incomplete-at-deadline")
@pytest.mark.parametrize(
    ("raw", "missing"),
    [
        (b"", "no byte of a reply had come"),
        (b"HTTP/1.1 200 OK\r\nConte", "the head of the reply was not complete after 22 bytes"),
        (http(b"x" * 10)[:-4], "6 of 10 body bytes had come"),
        (chunked(b"abc")[:-5], "the reply had no end after 3 body bytes"),
        (INTERIM, "the head of the reply was not complete after 25 bytes"),
    ],
)
def test_incomplete_reply_says_what_is_missing(raw: bytes, missing: str) -> None:
    reader = read(*([raw] if raw else []))
    assert not reader.complete
    assert reader.fault is None
    assert reader.missing() == missing
    assert reader.missing_at_close() == f"the backend closed the connection; {missing}"


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK", b"HTTP/1.0 200 OK"])
@pytest.mark.parametrize("header", [b"Connection: close", b"Connection: keep-alive", b"X: y"])
def test_fin_ends_a_reply_that_has_no_other_end(start: bytes, header: bytes, size: int) -> None:
    """PHP's own server and HTTP/1.0 backends answer so; the log says what to do about it."""
    raw = http(length=None, start=start, headers=(header,))
    assert not read(*in_pieces(raw, size)).complete
    reader = read(*in_pieces(raw, size))
    assert reader.missing() == "the reply has no Content-Length and no end after 73 body bytes"
    reader.close()
    assert reader.complete
    assert reader.fault is None
    assert reader.reply().body == PLAIN_REPLY
    assert reader.notes == (
        "reply has no Content-Length; its end was told by closing the connection",
    )
    assert reader.keep_seconds(3.0, 60.0) == 0.0


@pytest.mark.rule("3.3-incomplete-at-deadline")
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        http(length=None)[:20],
        http(length=None)[: -len(PLAIN_REPLY) - 2],
        http()[:-1],
        http(length=80),
        chunked(PLAIN_REPLY)[:-1],
        chunked(PLAIN_REPLY, headers=(b"Connection: close",))[:-10],
        INTERIM,
    ],
)
def test_fin_ends_no_reply_that_says_its_own_length(raw: bytes) -> None:
    reader = read(*([raw] if raw else []))
    reader.close()
    assert not reader.complete
    assert reader.notes == ()


@pytest.mark.parametrize("raw", [http(), chunked(PLAIN_REPLY), http(b"", start=b"HTTP/1.1 204 X")])
def test_reply_that_is_whole_says_nothing_about_a_fin_behind_it(raw: bytes) -> None:
    reader = read(raw)
    reader.close()
    assert reader.complete
    assert reader.notes == ()


@pytest.mark.parametrize(
    "raw",
    [
        http(length=None, start=b"HTTP/2.0 200 OK"),
        http(length=None, start=b"RTSP/1.0 200 OK"),
        http(length=None, headers=(b"Transfer-Encoding: gzip",)),
        http(b" " * (BODY_MAX + 1), length=None),
        http(length=None, headers=(b"X: " + b"y" * HEAD_BYTES_MAX,)),
    ],
)
def test_broken_reply_stays_broken_when_the_connection_is_closed(raw: bytes) -> None:
    reader = read(raw)
    reader.close()
    assert reader.fault


def test_restart_forgets_how_the_last_reply_ended() -> None:
    reader = read(http(length=None))
    reader.close()
    reader.restart()
    assert reader.notes == ()
    assert not reader.complete


@pytest.mark.rule("3.3-body-limit", "3.3-header-limit")
@pytest.mark.parametrize("size", [1_000_000, 100, 1])
@pytest.mark.parametrize("name", BROKEN)
def test_broken_replies_are_faults(name: str, size: int) -> None:
    raw = BROKEN[name]
    if size == 1 and len(raw) > 20_000:
        size = 3
    reader = ReplyReader()
    seen: list[bool] = []
    for piece in in_pieces(raw, size):
        reader.feed(piece)
        if reader.fault is not None:
            break
        seen.append(reader.complete)
    assert reader.fault, "a broken reply was taken for a good one, or waited for"
    assert reader.fault.isprintable()
    if any(seen):  # cut just there, the reply was whole before the rest came
        assert "more bytes after the end" in reader.fault or "not HTTP" in reader.fault


@pytest.mark.rule("3.3-body-limit")
def test_body_of_64_kib_is_taken_and_one_byte_more_is_not() -> None:
    assert read(http(b" " * BODY_MAX)).complete
    assert read(http(b" " * BODY_MAX)).fault is None
    above = read(http(b" " * (BODY_MAX + 1))[:200])
    assert above.fault == "the body of the reply is above 65536 bytes", "known from its length"


@pytest.mark.rule("3.3-header-limit")
@pytest.mark.parametrize("size", [1_000_000, 4_096, 1])
@pytest.mark.parametrize("interim", [b"", INTERIM])
def test_head_of_8_kib_is_taken_and_one_byte_more_is_not(interim: bytes, size: int) -> None:
    empty = interim + http(b"x" * 9_000, headers=(b"X: ",))
    room = HEAD_BYTES_MAX - (len(empty) - 9_000)
    for length, fits in ((room, True), (room + 1, False)):
        raw = interim + http(b"x" * 9_000, headers=(b"X: " + b"y" * length,))
        reader = read(*in_pieces(raw, size))
        assert (reader.fault is None) is fits
        assert reader.complete
    assert reader.fault == "the reply has more than 8192 bytes of headers"


@pytest.mark.rule("3.5-reply-cut")
def test_first_64_kib_are_kept_for_the_log() -> None:
    raw = http(b"x" * 60_000, headers=(b"X: " + b"y" * 7_000,))
    reader = read(raw)
    assert reader.complete
    assert len(raw) > REPLY_BYTES_KEPT
    assert reader.kept == raw[:REPLY_BYTES_KEPT]


def test_interim_replies_leave_nothing_behind() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    reader = read(hints * INTERIM_REPLIES_MAX + http(b"{}", headers=()))
    assert reader.reply().headers == ((b"Content-Length", b"2"),)


def test_trailers_are_no_headers() -> None:
    raw = chunked(b"{}")[:-2] + b"Content-Encoding: gzip\r\n\r\n"
    reader = read(raw)
    assert reader.complete
    assert reader.reply().headers == ((b"Transfer-Encoding", b"chunked"),)


def test_reader_reads_one_reply_after_the_other() -> None:
    reader = ReplyReader()
    for number in range(5):
        reader.restart()
        reader.feed(http(b"%d" % number))
        assert reader.reply().body == b"%d" % number
        assert reader.keep_seconds(3.0, 60.0) == 3.0


@pytest.mark.rule("3.3-idle-reuse")
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"X: y", 3.0),
        (b"Keep-Alive: timeout=5", 3.0),
        (b"Keep-Alive: timeout=4", 2.0),
        (b"Keep-Alive: timeout=2", 0.0),
        (b"Keep-Alive: timeout=0", 0.0),
        (b"Keep-Alive: timeout=30, max=100", 28.0),
        (b"keep-alive: max=100, TIMEOUT=30", 28.0),
        (b'Keep-Alive: timeout="30"', 28.0),
        (b"Keep-Alive: timeout=600", 60.0),
        (b"Keep-Alive: max=5", 3.0),
        (b"Keep-Alive: timeout=-5", 3.0),
        (b"Keep-Alive: timeout=abc", 3.0),
        (b"Connection: keep-alive", 3.0),
        (b"Connection: close", 0.0),
        (b"Connection: Close, foo", 0.0),
    ],
)
def test_idle_time_follows_the_backend_with_a_margin(header: bytes, seconds: float) -> None:
    assert read(http(headers=(header,))).keep_seconds(3.0, 60.0) == seconds


@pytest.mark.rule("3.3-close-after-irregularity")
@pytest.mark.parametrize(
    "raw",
    [
        http(start=b"HTTP/1.0 200 OK"),
        http() + b"\r\n",
        chunked(PLAIN_REPLY) + b"\r\n",
        http(b"", start=b"HTTP/1.1 204 No") + b"\r\n",
    ],
)
def test_connection_is_over_after_an_untidy_end(raw: bytes) -> None:
    reader = read(raw)
    assert reader.complete
    assert reader.keep_seconds(3.0, 60.0) == 0.0


@pytest.mark.parametrize(
    "raw", [chunked(PLAIN_REPLY), http(b""), http(b"\r\n"), http(b"", start=b"HTTP/1.1 204 No")]
)
def test_connection_may_go_on_after_a_tidy_end(raw: bytes) -> None:
    assert read(raw).keep_seconds(3.0, 60.0) == 3.0


def test_old_server_may_ask_to_keep_the_connection() -> None:
    raw = http(start=b"HTTP/1.0 200 OK", headers=(b"Connection: keep-alive",))
    assert read(raw).keep_seconds(3.0, 60.0) == 3.0


@pytest.mark.rule("3.3-total-reading")
@given(pieces=st.lists(st.binary(max_size=80), max_size=8))
def test_no_bytes_make_the_reader_raise(pieces: list[bytes]) -> None:
    reader = read(*pieces)
    assert not reader.complete or reader.raw.startswith(b"HTTP/1.") or reader.fault
    assert isinstance(reader.missing(), str)


MUTABLE = http() + b""


@pytest.mark.rule("3.3-total-reading")
@given(
    at=st.integers(0, len(MUTABLE)),
    cut=st.integers(0, 3),
    put=st.binary(max_size=3),
    size=st.integers(1, 200),
)
def test_mutated_replies_are_read_the_same_however_they_are_cut(
    at: int, cut: int, put: bytes, size: int
) -> None:
    raw = MUTABLE[:at] + put + MUTABLE[at + cut :]
    whole, parts = read(raw), read(*in_pieces(raw, size))
    assert (whole.fault is None) == (parts.fault is None)
    if whole.fault is None:
        assert whole.complete == parts.complete
        if whole.complete:
            assert whole.reply() == parts.reply()


@pytest.mark.rule("3.3-close-after-irregularity")
@pytest.mark.parametrize("more", [b"\n", b"\r\n", b"\n\n\n"])
def test_empty_lines_behind_a_body_that_ends_with_one_end_the_connection(more: bytes) -> None:
    """Found by fuzzing: the last piece of the body looked like the end of all that had come."""
    body = PLAIN_REPLY + b"\n"
    raw = http(body)
    assert read(raw[:-1], raw[-1:]).keep_seconds(3.0, 60.0) == 3.0
    reader = read(raw[:-1], raw[-1:] + more)
    assert reader.complete
    assert reader.keep_seconds(3.0, 60.0) == 0.0
