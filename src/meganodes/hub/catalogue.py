"""Reading a catalogue file, JSON or CSV, whole before anything is imported (contract 4).

Every bad line is listed with its number (CSV) or its place (JSON) and the reason; with one bad line
nothing is imported. Writing is the directory's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from meganodes.directory.checks import game_faults
from meganodes.directory.records import Game, Status
from meganodes.protocol.commands import Category
from meganodes.protocol.wire import JsonError, load_json

FILE_BYTES_MAX = 64 * 1024 * 1024
_DIGITS_MAX = 18
_TRUE = {"true", "1", "yes"}
_FALSE = {"false", "0", "no"}


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """One thing that is wrong: where it stands and why, in a sentence."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderGames:
    """The games of one provider as the file has them; ``name`` is the provider's, for messages."""

    provider_id: int
    name: str
    games: tuple[Game, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """A file without a fault, or its faults and no providers."""

    providers: tuple[ProviderGames, ...] = ()
    faults: tuple[BadLine, ...] = ()


def read_catalogue(content: bytes, *, is_csv: bool, now: datetime) -> Catalogue:
    """Read a file; ``now`` is the ``reg_date`` of games that name none."""
    if len(content) > FILE_BYTES_MAX:
        return _fault("file", f"it has more than {FILE_BYTES_MAX} bytes: split it")
    reader = _Reader(now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    if is_csv:
        _read_csv(content, reader)
    else:
        _read_json(content, reader)
    return reader.catalogue()


def _fault(where: str, reason: str) -> Catalogue:
    return Catalogue(faults=(BadLine(where=where, reason=reason),))


class _Reader:
    """Collects games and faults; knows where in the file it is."""

    def __init__(self, reg_date: str) -> None:
        self._reg_date = reg_date
        self._games: dict[int, dict[str, Game]] = {}
        self._names: dict[int, str] = {}
        self.faults: list[BadLine] = []

    def refuse(self, where: str, reason: str) -> None:
        self.faults.append(BadLine(where=where, reason=reason))

    def provider(self, where: str, fields: Mapping[str, object]) -> int | None:
        provider_id = _integer(fields.get("provider_id"))
        if provider_id is None or provider_id <= 0:
            self.refuse(where, "provider_id: a positive integer is needed")
            return None
        name = fields.get("name", fields.get("provider_name", ""))
        self._names.setdefault(provider_id, str(name))
        self._games.setdefault(provider_id, {})
        return provider_id

    def game(self, where: str, provider_id: int, raw: Mapping[str, object]) -> None:
        fields = _Fields(raw)
        game = _game(provider_id, fields, self._reg_date)
        reasons = fields.reasons or [fault.sentence for fault in game_faults({provider_id: [game]})]
        if game.game_code in self._games[provider_id]:
            reasons.append(f"game_code {game.game_code}: it stands in this file twice")
        for reason in reasons:
            self.refuse(where, reason)
        self._games[provider_id].setdefault(game.game_code, game)

    def catalogue(self) -> Catalogue:
        if self.faults:
            return Catalogue(faults=tuple(self.faults))
        if not self._games:
            return _fault("file", "it names no provider")
        return Catalogue(
            providers=tuple(
                ProviderGames(
                    provider_id=provider_id,
                    name=self._names[provider_id],
                    games=tuple(games.values()),
                )
                for provider_id, games in self._games.items()
            )
        )


def _read_json(content: bytes, reader: _Reader) -> None:
    try:
        document = load_json(content, max_bytes=FILE_BYTES_MAX)
    except JsonError as fault:
        reader.refuse("file", f"it is not JSON: {fault}")
        return
    providers = document.get("providers") if isinstance(document, dict) else None
    if not isinstance(providers, list):
        reader.refuse("file", 'it must be an object with a list "providers"')
        return
    for number, provider in enumerate(providers):
        where = f"providers[{number}]"
        if not isinstance(provider, dict):
            reader.refuse(where, "a provider must be an object")
            continue
        provider_id = reader.provider(where, provider)
        games = provider.get("games", [])
        if not isinstance(games, list):
            reader.refuse(where, "games: a list is needed")
        elif provider_id is not None:
            _read_json_games(where, provider_id, games, reader)


def _read_json_games(
    where: str, provider_id: int, games: Iterable[object], reader: _Reader
) -> None:
    for number, game in enumerate(games):
        place = f"{where}.games[{number}]"
        if isinstance(game, dict):
            reader.game(place, provider_id, game)
        else:
            reader.refuse(place, "a game must be an object")


def _read_csv(content: bytes, reader: _Reader) -> None:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        reader.refuse("file", "it is not UTF-8")
        return
    rows = csv.DictReader(io.StringIO(text), strict=True)
    missing = {"provider_id", "game_code", "name", "category"} - set(rows.fieldnames or ())
    if missing:
        reader.refuse("line 1", f"the header row lacks {', '.join(sorted(missing))}")
        return
    try:
        for row in rows:
            _read_csv_row(f"line {rows.line_num}", row, reader)
    except csv.Error as fault:
        reader.refuse(f"line {rows.line_num + 1}", f"it is not CSV: {fault}")


def _read_csv_row(where: str, row: Mapping[str | None, object], reader: _Reader) -> None:
    if None in row or None in row.values():
        reader.refuse(where, "it has not as many columns as the header row")
        return
    fields: dict[str, object] = {str(name): value for name, value in row.items() if value != ""}
    names = {
        name.removeprefix("name_"): fields.pop(name)
        for name in list(fields)
        if name.startswith("name_")
    }
    game_name = fields.pop("name", None)
    provider_id = reader.provider(where, fields)
    if provider_id is not None:
        reader.game(where, provider_id, {**fields, "name": game_name, "names": names})


class _Fields:
    """One game's raw fields; every getter notes what is wrong instead of raising."""

    def __init__(self, raw: Mapping[str, object]) -> None:
        self._raw = raw
        self.reasons: list[str] = []

    def text(self, name: str, default: str | None = None) -> str:
        value = self._raw.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not value:
            self.reasons.append(f"{name}: a text is needed")
            return ""
        return value

    def category(self) -> Category:
        value = self.text("category")
        if value in set(Category):
            return Category(value)
        if value:
            self.reasons.append(f"category: {value} is none of {', '.join(Category)}")
        return Category.SLOTS

    def status(self) -> Status:
        value = _integer(self._raw.get("status", int(Status.NORMAL)))
        if value in set(Status):
            return Status(value)
        self.reasons.append("status: 1 (normal) or 2 (maintenance) is needed")
        return Status.NORMAL

    def flag(self, name: str) -> bool:
        value = _boolean(self._raw.get(name, True))
        if value is None:
            self.reasons.append(f"{name}: true or false is needed")
        return bool(value)

    def names(self) -> dict[str, str]:
        value = self._raw.get("names") or {}
        if isinstance(value, Mapping) and all(isinstance(n, str) for n in value.values()):
            return {str(language): str(name) for language, name in value.items()}
        self.reasons.append("names: an object of language and text is needed")
        return {}


def _game(provider_id: int, fields: _Fields, reg_date: str) -> Game:
    return Game(
        provider_id=provider_id,
        game_code=fields.text("game_code"),
        name=fields.text("name"),
        names=fields.names(),
        category=fields.category(),
        sub_category=fields.text("sub_category", ""),
        image=fields.text("image", ""),
        image_narrow=fields.text("image_narrow", ""),
        launch_enable=fields.flag("launch_enable"),
        status=fields.status(),
        reg_date=fields.text("reg_date", reg_date),
    )


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _DIGITS_MAX:
        return int(value)
    return None


def _boolean(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in _TRUE | _FALSE:
        return value.lower() in _TRUE
    return None
