"""Which values an agent, a provider or a game may have; all bad fields are found at once.

Pure functions over values. What needs the database (is the name free, does the parent exist) or the
network (may this callback address be called) is asked elsewhere.
"""

from __future__ import annotations

import ipaddress
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Final
from urllib.parse import urlsplit

from meganodes.directory.faults import FieldFault
from meganodes.directory.launch_address import LAUNCH, REPLAY, template_faults
from meganodes.directory.records import Game
from meganodes.domain.retry import schedule_faults
from meganodes.kit.time_zones import time_zones
from meganodes.protocol.currency import UnknownCurrency, currency

PROVIDER_ID_MAX = 2**31 - 1
IN_FLIGHT_LIMIT = 1_000
_AGENT_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{1,49}")
_TITLE_CHARACTERS_MAX = 100
_CODE_CHARACTERS_MAX = 128
_NAME_CHARACTERS_MAX = 200
_SUB_CATEGORY_CHARACTERS_MAX = 50
_IMAGE_CHARACTERS_MAX = 2_000
_NOT_FOR_READING = frozenset({"Cc", "Cs", "Co", "Cn", "Zl", "Zp"})
_TURNS_OF_DIRECTION = frozenset(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
_REG_DATE = "%Y-%m-%dT%H:%M:%SZ"
_REG_DATE_NEEDED = "reg_date must look like 2026-01-31T00:00:00Z"


def cleaned_allow_list(entries: Iterable[str]) -> tuple[str, ...]:
    """Return the entries without blanks around them and without blank ones."""
    return tuple(entry.strip() for entry in entries if entry.strip())


def agent_faults(values: Mapping[str, object]) -> list[FieldFault]:
    """Check every field of an agent that is among the values."""
    return [
        FieldFault(field, sentence)
        for field, value in values.items()
        for sentence in _AGENT_CHECKS.get(field, _no_fault)(value)
    ]


def provider_faults(values: Mapping[str, object], *, allow_http: bool) -> list[FieldFault]:
    """Check every field of a provider that is among the values."""
    faults = [
        FieldFault(field, sentence)
        for field, value in values.items()
        for sentence in _PROVIDER_CHECKS.get(field, _no_fault)(value)
    ]
    for field, kind in (("launch_url", LAUNCH), ("replay_url", REPLAY)):
        template = values.get(field)
        if isinstance(template, str):
            sentences = template_faults(template, kind, allow_http=allow_http)
            faults += [FieldFault(field, sentence) for sentence in sentences]
    return faults


def game_faults(catalogue: Mapping[int, Sequence[Game]]) -> list[FieldFault]:
    """Check the games of several providers; a field is named like `games[7][3].game_code`."""
    return [
        FieldFault(f"games[{provider_id}][{index}].{fault.field}", fault.sentence)
        for provider_id, games in catalogue.items()
        for index, (game, is_repeated) in enumerate(_with_repeats(games))
        for fault in _faults_in_place(provider_id, game, is_repeated=is_repeated)
    ]


def _with_repeats(games: Sequence[Game]) -> Iterable[tuple[Game, bool]]:
    seen: set[str] = set()
    for game in games:
        yield game, game.game_code in seen
        seen.add(game.game_code)


def _faults_in_place(provider_id: int, game: Game, *, is_repeated: bool) -> list[FieldFault]:
    faults = []
    if is_repeated:
        faults.append(FieldFault("game_code", f"game_code {game.game_code!r} occurs twice"))
    if game.provider_id != provider_id:
        sentence = f"provider_id is {game.provider_id}, expected {provider_id}"
        faults.append(FieldFault("provider_id", sentence))
    return faults + faults_of_game(game)


def faults_of_game(game: Game) -> list[FieldFault]:
    """Check one game by itself."""
    sentences = {
        "game_code": _text_fault("game_code", game.game_code, _CODE_CHARACTERS_MAX),
        "name": _name_fault("name", game.name),
        "names": _names_fault(game.names),
        "sub_category": game.sub_category
        and _text_fault("sub_category", game.sub_category, _SUB_CATEGORY_CHARACTERS_MAX),
        "image": _image_fault("image", game.image),
        "image_narrow": _image_fault("image_narrow", game.image_narrow),
        "reg_date": "" if _is_reg_date(game.reg_date) else _REG_DATE_NEEDED,
    }
    return [FieldFault(field, sentence) for field, sentence in sentences.items() if sentence]


def _is_reg_date(text: str) -> bool:
    if not text:  # it stays what it was, or becomes the day of the import
        return True
    try:
        return datetime.strptime(text, _REG_DATE).strftime(_REG_DATE) == text  # noqa: DTZ007 - only the form matters
    except ValueError:
        return False


def _text_fault(field: str, text: str, characters_max: int) -> str:
    if _is_printable(text, characters_max):
        return ""
    return f"{field} must have 1 to {characters_max} printable characters, no blank at either end"


def _name_fault(field: str, name: str) -> str:
    """Names for people may hold what some scripts need: wide blanks, joiners of letters."""
    if 0 < len(name) <= _NAME_CHARACTERS_MAX and name == name.strip() and _is_readable(name):
        return ""
    return (
        f"{field} must have 1 to {_NAME_CHARACTERS_MAX} readable characters, no blank at either end"
    )


def _names_fault(names: Mapping[str, str]) -> str:
    faults = (_name_fault(f"names.{language}", name) for language, name in names.items())
    return next(filter(None, faults), "")


def _is_readable(text: str) -> bool:
    return text.isprintable() or not any(
        character in _TURNS_OF_DIRECTION or unicodedata.category(character) in _NOT_FOR_READING
        for character in text
    )


def _image_fault(field: str, address: str) -> str:
    """Say what is wrong with an image's address; "" is none, and no image."""
    if not address:
        return ""
    if not _is_printable(address, _IMAGE_CHARACTERS_MAX) or " " in address:
        return (
            f"{field} must have at most {_IMAGE_CHARACTERS_MAX} printable characters without blanks"
        )
    try:
        parts = urlsplit(address)
        is_whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole or "@" in parts.netloc or "\\" in parts.netloc:
        return f"{field} must be a whole address that begins with https:// or http://"
    return ""


def _is_printable(text: str, characters_max: int) -> bool:
    return 0 < len(text) <= characters_max and text.isprintable() and text == text.strip()


def _no_fault(_value: object) -> Sequence[str]:
    return ()


def _check_agent_name(value: object) -> Sequence[str]:
    if isinstance(value, str) and _AGENT_NAME.fullmatch(value):
        return ()
    return (
        "name must have 2 to 50 letters, digits, dots, dashes, underscores, and begin with no sign",
    )


def _check_title(value: object) -> Sequence[str]:
    if isinstance(value, str) and _is_printable(value, _TITLE_CHARACTERS_MAX):
        return ()
    return (
        f"name must have 1 to {_TITLE_CHARACTERS_MAX} printable characters, no blank at either end",
    )


def _check_names(value: object) -> Sequence[str]:
    assert isinstance(value, Mapping), "names arrive as a mapping"
    fault = _names_fault(value)
    return (fault,) if fault else ()


def _check_currency(value: object) -> Sequence[str]:
    try:
        currency(str(value))
    except UnknownCurrency:
        return (f"currency {value} is unknown: use a code like EUR, in capitals",)
    return ()


def _check_currencies(value: object) -> Sequence[str]:
    codes = _items(value)
    return tuple(sentence for code in codes for sentence in _check_currency(code))


def _check_time_zone(value: object) -> Sequence[str]:
    if value in time_zones():
        return ()
    return (f"time_zone {value} is unknown: use an IANA name like Europe/Vienna or UTC",)


def _check_allow_list(value: object) -> Sequence[str]:
    return tuple(sentence for entry in _items(value) for sentence in _check_network(str(entry)))


def _check_network(entry: str) -> Sequence[str]:
    try:
        network = ipaddress.ip_network(entry, strict=False)
        start = ipaddress.ip_address(entry.partition("/")[0])
    except ValueError:
        return (f"allow_list entry {entry} is neither an address nor a range like 203.0.113.0/24",)
    if "%" in entry:
        return (f"allow_list entry {entry} names a network interface, which callers do not have",)
    if start != network.network_address:
        return (f"allow_list entry {entry} does not begin its range: that would be {network}",)
    return ()


def _check_in_flight(value: object) -> Sequence[str]:
    if value is None or (_is_integer(value) and 1 <= int(str(value)) <= IN_FLIGHT_LIMIT):
        return ()
    return (f"in_flight_max must be 1 to {IN_FLIGHT_LIMIT}",)


def _check_retry(value: object) -> Sequence[str]:
    if not isinstance(value, Mapping):
        return ("retry must be an object of values of the retry schedule",)
    return schedule_faults(value)


def _check_provider_id(value: object) -> Sequence[str]:
    if value is None or (_is_integer(value) and 1 <= int(str(value)) <= PROVIDER_ID_MAX):
        return ()
    return (f"provider_id must be 1 to {PROVIDER_ID_MAX}",)


def _check_status(value: object) -> Sequence[str]:
    return () if value in {1, 2} else ("status must be 1 (normal) or 2 (maintenance)",)


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _items(value: object) -> Iterable[object]:
    assert isinstance(value, list | tuple), "lists arrive as lists or tuples"
    return value


_Check = Callable[[object], Sequence[str]]
_AGENT_CHECKS: Final[Mapping[str, _Check]] = MappingProxyType(
    {
        "name": _check_agent_name,
        "currency": _check_currency,
        "time_zone": _check_time_zone,
        "allow_list": _check_allow_list,
        "in_flight_max": _check_in_flight,
        "retry": _check_retry,
    }
)
_PROVIDER_CHECKS: Final[Mapping[str, _Check]] = MappingProxyType(
    {
        "name": _check_title,
        "names": _check_names,
        "provider_id": _check_provider_id,
        "currencies": _check_currencies,
        "allow_list": _check_allow_list,
        "status": _check_status,
    }
)
