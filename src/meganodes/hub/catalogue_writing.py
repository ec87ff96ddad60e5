"""Writing a catalogue file, JSON or CSV; what is written reads back as the same catalogue."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence

from meganodes.directory.records import CatalogueProvider, Game, Provider, ProviderFields
from meganodes.hub.catalogue_csv import ALL_CURRENCIES, GAME_NAME, PROVIDER_NAME
from meganodes.hub.languages import LANGUAGES

_GAME_COLUMNS = (
    "category",
    "sub_category",
    "image",
    "image_narrow",
    "launch_enable",
    "status",
    "reg_date",
)


def as_catalogue(provider: Provider, games: Sequence[Game]) -> CatalogueProvider:
    """Give what a file says of a provider and its games; planned maintenance is no part of it."""
    fields = ProviderFields(
        name=provider.name,
        names=provider.names,
        status=provider.status,
        currencies=provider.currencies,
    )
    return CatalogueProvider(provider_id=provider.provider_id, fields=fields, games=tuple(games))


def write_catalogue(providers: Sequence[CatalogueProvider], *, is_csv: bool) -> bytes:
    """Write the file; a provider without games is in JSON only, CSV has a line for each game."""
    return (_csv(providers) if is_csv else _json(providers)).encode()


def _json(providers: Sequence[CatalogueProvider]) -> str:
    document = {"providers": [_provider_object(provider) for provider in providers]}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _provider_object(provider: CatalogueProvider) -> dict[str, object]:
    fields = provider.fields
    found: dict[str, object] = {"provider_id": provider.provider_id}
    if "name" in fields:
        found["name"] = fields["name"]
    if "names" in fields:
        found["names"] = _names_object(fields["names"])
    if "status" in fields:
        found["status"] = int(fields["status"])
    if "currencies" in fields:
        found["currencies"] = list(fields["currencies"])
    if provider.games is not None:
        found["games"] = [_game_object(game) for game in provider.games]
    return found


def _game_object(game: Game) -> dict[str, object]:
    return {
        "game_code": game.game_code,
        "name": game.name,
        "names": _names_object(game.names),
        "category": game.category.value,
        "sub_category": game.sub_category,
        "image": game.image,
        "image_narrow": game.image_narrow,
        "launch_enable": game.launch_enable,
        "status": int(game.status),
        "reg_date": game.reg_date,
    }


def _names_object(names: Mapping[str, str]) -> dict[str, str]:
    """Put the languages into one order; names in others are of no use to anybody."""
    return {code: names[code] for code in LANGUAGES.values() if code in names}


def _csv(providers: Sequence[CatalogueProvider]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    provider_languages = _languages(each.fields.get("names", {}) for each in providers)
    game_languages = _languages(game.names for each in providers for game in each.games or ())
    writer.writerow(
        [
            *("provider_id", "provider_name", "provider_status", "provider_currencies"),
            *(PROVIDER_NAME + language for language in provider_languages),
            *("game_code", "name"),
            *(GAME_NAME + language for language in game_languages),
            *_GAME_COLUMNS,
        ]
    )
    for provider in providers:
        cells = _provider_cells(provider, provider_languages)
        for game in provider.games or ():
            writer.writerow([*cells, *_game_cells(game, game_languages)])
    return text.getvalue()


def _languages(names: Iterable[Mapping[str, str]]) -> list[str]:
    used = {language for each in names for language in each}
    return [language for language in LANGUAGES.values() if language in used]


def _provider_cells(provider: CatalogueProvider, languages: Sequence[str]) -> list[str]:
    fields = provider.fields
    codes = fields.get("currencies")
    names = fields.get("names", {})
    return [
        str(provider.provider_id),
        fields.get("name", ""),
        str(int(fields["status"])) if "status" in fields else "",
        "" if codes is None else " ".join(codes) or ALL_CURRENCIES,
        *(names.get(language, "") for language in languages),
    ]


def _game_cells(game: Game, languages: Sequence[str]) -> list[str]:
    fields = _game_object(game)
    values = [fields[column] for column in _GAME_COLUMNS]
    return [
        game.game_code,
        game.name,
        *(game.names.get(language, "") for language in languages),
        *(str(value).lower() if isinstance(value, bool) else str(value) for value in values),
    ]
