"""Which answers are compressed, and where the work is done."""

from __future__ import annotations

import gzip
import json
import threading
from typing import Any

import pytest
from starlette.datastructures import Headers

from meganodes.main_api.v4.envelope import Answer, done
from meganodes.main_api.v4.writing import COMPRESSED_BYTES_MIN, ROWS_INLINE_MAX, Writer
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.wire import Exact

GZIP = Headers({"accept-encoding": "gzip"})


def rows(count: int) -> list[dict[str, object]]:
    return [{"trans_id": number, "balance": Exact(number, 2)} for number in range(count)]


async def test_list_is_compressed_from_a_kilobyte_on() -> None:
    writer = Writer()
    small = await writer.response(done(rows(5)), GZIP)
    large = await writer.response(done(rows(80)), GZIP)
    assert "content-encoding" not in small.headers
    assert len(small.body) < COMPRESSED_BYTES_MIN
    assert large.headers["content-encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(bytes(large.body)))["data"]) == 80


async def test_list_with_its_totals_around_it_is_a_list_too() -> None:
    page = {"total": 80, "offset": 0, "count": 80, "list": rows(80)}
    answer = await Writer().response(done(page), GZIP)
    assert answer.headers["content-encoding"] == "gzip"


@pytest.mark.parametrize(
    "answer",
    [
        done({"game_url": "https://hub.example/?g_token=" + "x" * 5000}),
        done({"list": "x" * 5000}),
        done("x" * 5000),
        Answer(ApiCode.VALIDATION_ERROR, [{"field": "name", "message": "x" * 5000}]),
        Answer(ApiCode.USER_NOT_FOUND),
    ],
)
async def test_nothing_but_a_list_is_compressed(answer: Answer) -> None:
    """What may hold a secret, or repeats what was sent, keeps its length (BREACH)."""
    response = await Writer().response(answer, Headers({"accept-encoding": "gzip, identity;q=0"}))
    assert "content-encoding" not in response.headers
    assert "vary" not in response.headers


class NotedWriter(Writer):
    """Notes in which threads its long work is done."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[int] = []

    async def run(self, work: Any, /, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as Writer.run
        def noted() -> Any:  # noqa: ANN401 - whatever the work gives
            self.threads.append(threading.get_ident())
            return work(*args, **kwargs)

        return await super().run(noted)


async def test_long_list_is_written_off_the_event_loop_and_a_short_one_at_once() -> None:
    writer = NotedWriter()
    await writer.response(done(rows(ROWS_INLINE_MAX)), GZIP)
    assert writer.threads == []
    await writer.response(done(rows(ROWS_INLINE_MAX + 1)), GZIP)
    assert len(writer.threads) == 1
    assert threading.get_ident() not in writer.threads


async def test_bytes_are_the_same_in_the_thread_and_on_the_loop() -> None:
    writer, plain = Writer(), Headers()
    short = bytes((await writer.response(done(rows(100)), plain)).body)
    long = bytes((await writer.response(done(rows(101)), plain)).body)
    assert long.startswith(short.removesuffix(b"]}"))
