"""The written answers of game/all: made once, kept, and given out as they are (contract 2.2).

An answer is kept under the editions of the games in it, so a change of the catalogue makes a new
one at once. A provider's games are written once for all agents that have them.
"""

from __future__ import annotations

import asyncio
import re
from collections import OrderedDict
from collections.abc import Hashable, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from starlette.datastructures import Headers
from starlette.responses import Response

from meganodes.kit.content_coding import Coding, compressed
from meganodes.main_api.v4.envelope import Ready, body_of, done
from meganodes.main_api.v4.game import game_item
from meganodes.main_api.v4.writing import Writer, accepted_by, coding_headers, ok_response
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.wire import dump_json

if TYPE_CHECKING:
    from meganodes.directory.port import Directory
    from meganodes.directory.records import Game

BODIES_BYTES_MAX: Final = 64 * 1024 * 1024
PARTS_BYTES_MAX: Final = 32 * 1024 * 1024

Editions = tuple[tuple[int, int], ...]
"""Providers by number, each with the edition of its games."""

# Callers may keep it and must ask whether it still holds; caches between us may not, it is for one
# agent.
_CACHING: Final = {"cache-control": "private, no-cache"}
_NOT_MODIFIED: Final = 304
_ENTITY_TAG: Final = re.compile(r'(?:W/)?("[^"]*")')


class Body(NamedTuple):
    """The bytes of an answer in one coding and the strong tag of exactly these bytes."""

    content: bytes
    etag: str


class AllGames:
    """Gives the answers of game/all; makes those it has not, each once at a time."""

    def __init__(self, directory: Directory, writer: Writer) -> None:
        """Keep nothing yet."""
        self._directory = directory
        self._writer = writer
        self._bodies: _Kept[tuple[Editions, int, Coding], Body] = _Kept(BODIES_BYTES_MAX)
        self._parts: _Kept[tuple[int, int, int], bytes] = _Kept(PARTS_BYTES_MAX)
        self._under_way: dict[tuple[Editions, int, Coding], asyncio.Task[Body]] = {}

    async def answer(self, agent_id: int, lang: int, headers: Headers) -> Ready:
        """Answer for an agent in a language, or 304 when the caller has these bytes already."""
        coding = accepted_by(headers).coding
        body = await self._body(agent_id, lang, coding)
        tagged = {**_CACHING, "etag": body.etag}
        if _names(headers, body.etag):
            headers_of_304 = {**tagged, **coding_headers(Coding.IDENTITY)}
            return Ready(ApiCode.OK, Response(status_code=_NOT_MODIFIED, headers=headers_of_304))
        return Ready(ApiCode.OK, ok_response(body.content, {**tagged, **coding_headers(coding)}))

    async def _body(self, agent_id: int, lang: int, coding: Coding) -> Body:
        key = (self._directory.editions_of(agent_id), lang, coding)
        kept = self._bodies.get(key)
        if kept is not None:
            return kept
        task = self._under_way.get(key)
        if task is None:
            parts = [self._part(*provider, lang) for provider in key[0]]
            task = asyncio.create_task(self._made(parts, coding))
            self._under_way[key] = task
            task.add_done_callback(lambda _: self._under_way.pop(key))
        body = await asyncio.shield(task)
        self._bodies.put(key, body, len(body.content))
        return body

    async def _made(self, parts: Sequence[_Part], coding: Coding) -> Body:
        """Write what is missing, a provider at a time, so that other work gets its turn."""
        written = []
        for part in parts:
            text = self._parts.get(part.key)
            if text is None:
                text = await self._writer.run(_rows, part.games, part.lang)
                self._parts.put(part.key, text, len(text))
            written.append(text)
        return await self._writer.run(_packed, written, coding)

    def _part(self, provider_id: int, edition: int, lang: int) -> _Part:
        """Take hold of the games now: while others are written the catalogue may change."""
        return _Part((provider_id, edition, lang), self._directory.games_of(provider_id), lang)


class _Part(NamedTuple):
    key: tuple[int, int, int]
    games: tuple[Game, ...]
    lang: int


def _rows(games: Sequence[Game], lang: int) -> bytes:
    """Write a provider's games as they stand between the brackets of a list."""
    return dump_json([game_item(game, lang) for game in games])[1:-1]


_HEAD, _TAIL = body_of(done([])).split(b"[]")


def _packed(parts: Sequence[bytes], coding: Coding) -> Body:
    content = b"".join((_HEAD, b"[", b",".join(filter(None, parts)), b"]", _TAIL))
    tag = sha256(content).hexdigest()[:32]
    name = "" if coding is Coding.IDENTITY else f"-{coding.value}"
    return Body(compressed(content, coding, is_kept=True), f'"{tag}{name}"')


def _names(headers: Headers, etag: str) -> bool:
    """Say whether If-None-Match names this tag; weak and strong are not told apart (RFC 9110)."""
    sent = ", ".join(headers.getlist("if-none-match"))
    return sent.strip() == "*" or etag in _ENTITY_TAG.findall(sent)


_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class _Kept(Generic[_K, _V]):
    """Holds values of so many bytes at most; what was used longest ago goes first."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._values: OrderedDict[_K, tuple[_V, int]] = OrderedDict()

    def get(self, key: _K) -> _V | None:
        found = self._values.get(key)
        if found is None:
            return None
        self._values.move_to_end(key)
        return found[0]

    def put(self, key: _K, value: _V, size: int) -> None:
        _, replaced = self._values.pop(key, (None, 0))
        self._values[key] = (value, size)
        self._bytes += size - replaced
        while self._bytes > self._bytes_max:
            _, (_, gone) = self._values.popitem(last=False)
            self._bytes -= gone
