"""A catalogue in JSON: read by the standard library's fast reader, its faults with their lines.

That reader tells no lines, so only where something is to be said about a place the text is walked a
second time, down to that place and past everything else.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any, Final

from meganodes.hub.catalogue_fields import PROVIDER_FIELDS, shown, unknown_names
from meganodes.hub.catalogue_reading import BadLine, FileReader
from meganodes.hub.catalogue_text import TextFault
from meganodes.protocol.wire import Number

_DIGITS_MAX: Final = 18
_BLANKS: Final = re.compile(r"[ \t\r\n]*")


class JsonObject(dict[str, object]):
    """An object of the file; ``repeated`` are keys that came more than once."""

    __slots__ = ("repeated",)

    def __init__(self, pairs: list[tuple[str, object]]) -> None:
        """Take the members as they came."""
        super().__init__(pairs)
        self.repeated: tuple[str, ...] = ()
        if len(self) != len(pairs):
            times = Counter(key for key, _ in pairs)
            self.repeated = tuple(key for key in self if times[key] > 1)


def read_json(text: str, reader: FileReader) -> None:
    """Read the text of a file into the reader; TextFault when it is not JSON at all."""
    document = _parsed(text)
    providers = document.get("providers") if isinstance(document, JsonObject) else None
    if not isinstance(document, JsonObject) or not isinstance(providers, list):
        raise TextFault('it must be an object with a list "providers"')
    _refuse_repeated("", document, reader)
    reader.total = sum(_games_in(provider) for provider in providers)
    for number, provider in enumerate(providers):
        _read_provider(f"providers[{number}]", provider, reader)
    wanted = {place.path for place in (*reader.faults, *reader.places.values()) if place.path}
    wanted |= {f"{fault.path}.{fault.field}" for fault in reader.faults if fault.path}
    reader.locate(lines_of(text, wanted))


def _parsed(text: str) -> object:
    try:
        return _DECODER.decode(text)
    except json.JSONDecodeError as fault:
        sentence = f"it is not JSON: {fault.msg.lower()} at column {fault.colno}"
        raise TextFault(sentence, fault.lineno) from None
    except RecursionError:
        raise TextFault("it is not a catalogue: it is nested far too deep") from None


def _integer(text: str) -> int | Number:
    return Number(text) if len(text) > _DIGITS_MAX else int(text)


_DECODER: Final = json.JSONDecoder(
    object_pairs_hook=JsonObject, parse_float=Number, parse_int=_integer, parse_constant=Number
)


def _games_in(provider: object) -> int:
    games = provider.get("games") if isinstance(provider, JsonObject) else None
    return len(games) if isinstance(games, list) else 0


def _read_provider(path: str, provider: object, reader: FileReader) -> None:
    if not isinstance(provider, JsonObject):
        reader.refuse(None, "a provider must be an object", path=path)
        return
    _refuse_repeated(path, provider, reader)
    known = set(reader.places)
    provider_id = reader.provider(BadLine(path=path), provider)
    if provider_id in known:
        sentence = f"provider_id: provider {provider_id} stands in this file already"
        reader.refuse(None, sentence, path=path, field="provider_id")
    reader.ignored |= unknown_names(provider, PROVIDER_FIELDS)
    games = provider.get("games")
    if games is None:
        return
    if not isinstance(games, list):
        reader.refuse(None, "games: a list is needed", path=path, field="games")
        return
    reader.expect_games(provider_id)
    for number, game in enumerate(games):
        _read_game(f"{path}.games[{number}]", provider_id, game, reader)


def _read_game(path: str, provider_id: int | None, game: object, reader: FileReader) -> None:
    if not isinstance(game, JsonObject):
        reader.refuse(None, "a game must be an object", path=path)
        return
    _refuse_repeated(path, game, reader)
    reader.game(BadLine(path=path), provider_id, game)


def _refuse_repeated(path: str, found: JsonObject, reader: FileReader) -> None:
    names = found.get("names")
    inner = names.repeated if isinstance(names, JsonObject) else ()
    for key in (*found.repeated, *inner):
        reader.refuse(None, f"the key {shown(key)} comes twice in one object", path=path)


def lines_of(text: str, paths: Collection[str]) -> dict[str, int]:
    """Give the lines in which the values at these paths of a good JSON text begin.

    A path looks like `providers[3].games[17].category`; one that is not there is left out.
    """
    walk = _Walk(text, paths)
    walk.value(_end_of_blanks(text, 0), "")
    lines: dict[str, int] = {}
    line, counted = 1, 0
    for position, path in sorted((position, path) for path, position in walk.found.items()):
        line += text.count("\n", counted, position)
        counted = position
        lines[path] = line
    return lines


class _Walk:
    """Goes through a JSON text, into what lies on the way to a wanted path and past the rest."""

    def __init__(self, text: str, paths: Collection[str]) -> None:
        self._text = text
        self._paths = frozenset(paths)
        self._on_the_way = frozenset(way for path in paths for way in _ways_to(path))
        self.found: dict[str, int] = {}

    def value(self, position: int, path: str) -> int:
        """Walk one value that begins here; give where it ends."""
        if path in self._paths:
            self.found[path] = position
        first = self._text[position]
        if path not in self._on_the_way or first not in "{[":
            return int(_SKIPPING.raw_decode(self._text, position)[1])
        position = _end_of_blanks(self._text, position + 1)
        number = 0
        while self._text[position] not in "}]":
            if first == "{":
                key, position = _SKIPPING.raw_decode(self._text, position)
                position = _end_of_blanks(self._text, position) + 1  # past the colon
                position = _end_of_blanks(self._text, position)
                inner = f"{path}.{key}" if path else str(key)
            else:
                inner = f"{path}[{number}]"
                number += 1
            position = _end_of_blanks(self._text, self.value(position, inner))
            if self._text[position] == ",":
                position = _end_of_blanks(self._text, position + 1)
        return position + 1


_SKIPPING: Final[Any] = json.JSONDecoder(
    parse_float=Number, parse_int=_integer, parse_constant=Number
)


def _ways_to(path: str) -> Iterator[str]:
    yield ""
    for found in re.finditer(r"[.\[]", path):
        yield path[: found.start()]


def _end_of_blanks(text: str, position: int) -> int:
    found = _BLANKS.match(text, position)
    assert found is not None, "a pattern that takes nothing too always matches"
    return found.end()
