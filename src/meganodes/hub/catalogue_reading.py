"""What both forms of a catalogue file share: providers, games and faults, collected with places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from meganodes.directory.records import CatalogueProvider, Game, ProviderFields
from meganodes.hub.catalogue_fields import (
    GAME_FIELDS,
    RawFields,
    read_game,
    read_provider_fields,
    shown,
    unknown_names,
)

FAULTS_MAX: Final = 100_000
"""As many faults are listed; whoever has mended them learns of the rest."""

_GAMES_PER_REPORT: Final = 100

OnProgress = Callable[[int, int], None]
"""Hears how many games of how many have been read."""


def ignore_progress(_done: int, _total: int) -> None:
    """Hear nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """One thing that is wrong: its line where it is known, its place in JSON, and a sentence."""

    line: int | None = None
    path: str = ""
    field: str = ""
    reason: str = ""

    def __str__(self) -> str:
        """Say it as people read it."""
        line = f"line {self.line}" if self.line is not None else ""
        where = ", ".join(filter(None, (line, self.path))) or "the file"
        return f"{where}: {self.reason}"


@dataclass(slots=True, kw_only=True)
class _Entry:
    fields: ProviderFields
    games: dict[str, Game] | None = None


class FileReader:
    """Collects what a file says; a provider or a game without a fault is kept."""

    def __init__(self, on_progress: OnProgress) -> None:
        """Start with nothing."""
        self._on_progress = on_progress
        self._entries: dict[int, _Entry] = {}
        self._first_places: dict[tuple[int, str], BadLine] = {}
        self._read = 0
        self.total = 0
        self.faults: list[BadLine] = []
        self.places: dict[int, BadLine] = {}
        self.ignored: set[str] = set()

    @property
    def providers(self) -> tuple[CatalogueProvider, ...]:
        """What was read, in the order of the file."""
        return tuple(
            CatalogueProvider(
                provider_id=provider_id,
                fields=entry.fields,
                games=None if entry.games is None else tuple(entry.games.values()),
            )
            for provider_id, entry in self._entries.items()
        )

    def refuse(self, line: int | None, reason: str, *, path: str = "", field: str = "") -> None:
        """Note a fault."""
        if len(self.faults) < FAULTS_MAX:
            self.faults.append(BadLine(line=line, path=path, field=field, reason=reason))
        elif len(self.faults) == FAULTS_MAX:
            self.faults.append(BadLine(reason="there are more bad lines: mend these first"))

    def provider(self, place: BadLine, raw: Mapping[str, object], prefix: str = "") -> int | None:
        """Read a provider's fields; give its number, None when it has none.

        Fields of one provider may come several times when they say the same; ``prefix`` stands
        before their names in sentences.
        """
        fields = RawFields(raw)
        provider_id = fields.number("provider_id")
        found = read_provider_fields(fields)
        for field, sentence in fields.reasons:
            named = sentence if field == "provider_id" else prefix + sentence
            self.refuse(place.line, named, path=place.path, field=field)
        if provider_id is None:
            return None
        entry = self._entries.setdefault(provider_id, _Entry(fields=ProviderFields()))
        first = self.places.setdefault(provider_id, place)
        for field, value in found.items():
            if entry.fields.setdefault(field, value) != value:  # type: ignore[misc]  # a field of it
                sentence = f"{prefix}{field}: it differs from what {_at(first)} says"
                self.refuse(place.line, sentence, path=place.path, field=field)
        return provider_id

    def expect_games(self, provider_id: int | None) -> None:
        """Note that the file lists this provider's games, even if there are none."""
        if provider_id is not None and self._entries[provider_id].games is None:
            self._entries[provider_id].games = {}

    def game(self, place: BadLine, provider_id: int | None, raw: Mapping[str, object]) -> None:
        """Read a game; the faults of one whose provider is unreadable are found all the same."""
        fields = RawFields(raw)
        game = read_game(provider_id or 0, fields)
        for field, sentence in fields.reasons:
            self.refuse(place.line, sentence, path=place.path, field=field)
        self.ignored |= unknown_names(raw.keys(), GAME_FIELDS)
        if provider_id is not None and game.game_code:
            self._keep(place, game)
        self._read += 1
        if self._read % _GAMES_PER_REPORT == 0 or self._read == self.total:
            self._on_progress(self._read, self.total)

    def locate(self, lines: Mapping[str, int]) -> None:
        """Fill in the lines of places that are known by their path only."""
        self.faults = [_located(fault, lines) for fault in self.faults]
        self.places = {number: _located(place, lines) for number, place in self.places.items()}

    def _keep(self, place: BadLine, game: Game) -> None:
        key = (game.provider_id, game.game_code)
        first = self._first_places.setdefault(key, place)
        if first is not place:
            sentence = (
                f"game_code: {shown(game.game_code)} stands in this file already, {_at(first)}"
            )
            self.refuse(place.line, sentence, path=place.path, field="game_code")
            return
        self.expect_games(game.provider_id)
        games = self._entries[game.provider_id].games
        assert games is not None, "games are expected"
        games[game.game_code] = game


def _at(place: BadLine) -> str:
    return place.path or f"line {place.line}"


def _located(found: BadLine, lines: Mapping[str, int]) -> BadLine:
    if found.line is not None or not found.path:
        return found
    of_field = lines.get(f"{found.path}.{found.field}")
    return replace(found, line=of_field or lines.get(found.path))
