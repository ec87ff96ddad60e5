"""Live streams: so many and no more, and each gives its place back."""

from __future__ import annotations

from meganodes.backoffice.streams import Streams


async def test_so_many_streams_are_open_at_once_and_no_more() -> None:
    streams = Streams(2)
    seen = []
    async with streams.place():
        seen.append(streams.is_full)
        async with streams.place():
            seen.append(streams.is_full)
        seen.append(streams.is_full)
    assert seen == [False, True, False]


async def test_place_is_given_back_whatever_ends_the_stream() -> None:
    streams = Streams(1)
    place = streams.place()
    await place.__aenter__()
    assert not await place.__aexit__(ValueError, ValueError("broken"), None), "it is not hidden"
    assert not streams.is_full
