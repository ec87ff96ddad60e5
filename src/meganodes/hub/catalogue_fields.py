"""The fields of a provider and of a game as a file has them, made records; faults are collected."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from meganodes.directory.checks import faults_of_game, provider_faults
from meganodes.directory.faults import FieldFault
from meganodes.directory.records import Game, ProviderFields, Status
from meganodes.hub.languages import LANGUAGES
from meganodes.protocol.commands import Category

GAME_FIELDS: Final = (
    "game_code",
    "name",
    "names",
    "category",
    "sub_category",
    "image",
    "image_narrow",
    "launch_enable",
    "status",
    "reg_date",
)
PROVIDER_FIELDS: Final = frozenset(
    {"provider_id", "name", "names", "status", "currencies", "games"}
)

_DIGITS_MAX: Final = 18
_SHOWN_CHARACTERS_MAX: Final = 40
_TRUE: Final = frozenset({"true", "1", "yes"})
_FALSE: Final = frozenset({"false", "0", "no"})
_LANGUAGES: Final = frozenset(LANGUAGES.values())


class FieldReason(NamedTuple):
    """A field and why its value cannot be taken, in a sentence that names the field."""

    field: str
    sentence: str


class RawFields:
    """Fields as they were read; every getter notes what is wrong instead of raising."""

    def __init__(self, raw: Mapping[str, object]) -> None:
        """Take what was read."""
        self._raw = raw
        self.reasons: list[FieldReason] = []

    def has(self, name: str) -> bool:
        """Tell whether the file says anything of this; null says nothing."""
        return self._raw.get(name) is not None

    def refuse(self, field: str, sentence: str) -> None:
        """Note a fault."""
        self.reasons.append(FieldReason(field, f"{field}: {sentence}"))

    def add(self, faults: Iterable[FieldFault]) -> None:
        """Note what else is wrong with values, of fields that nothing has been noted of yet."""
        noted = {field for field, _ in self.reasons}
        for field, sentence in ((fault.field, fault.sentence) for fault in faults):
            if field not in noted:
                named = sentence if sentence.startswith(field) else f"{field}: {sentence}"
                self.reasons.append(FieldReason(field, named))

    def number(self, name: str) -> int | None:
        """Give a positive integer, also one written as text; None, noted, for all else."""
        number = integer(self._raw.get(name))
        if number is None or number <= 0:
            self.refuse(name, "a positive integer is needed")
            return None
        return number

    def text(self, name: str, default: str | None = None) -> str:
        """Give a text; without a default it may be neither missing nor empty."""
        value = self._raw.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or (not value and default is None):
            self.refuse(name, "a text is needed")
            return ""
        return value

    def category(self) -> Category:
        """Give the category; Slots, noted, for what is none."""
        value = self.text("category")
        if value in set(Category):
            return Category(value)
        if value:
            self.refuse("category", f"{shown(value)} is none of {', '.join(Category)}")
        return Category.SLOTS

    def status(self) -> Status:
        """Give the status, normal where there is none."""
        value = integer(self._raw["status"] if self.has("status") else int(Status.NORMAL))
        if value in set(Status):
            return Status(value)
        self.refuse("status", "1 (normal) or 2 (maintenance) is needed")
        return Status.NORMAL

    def flag(self, name: str) -> bool:
        """Give a truth value, true where there is none."""
        value = _boolean(self._raw[name] if self.has(name) else True)
        if value is None:
            self.refuse(name, "true or false is needed")
        return bool(value)

    def names(self) -> dict[str, str]:
        """Give names by language; an empty name is none."""
        value = self._raw.get("names")
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(n, str) for n in value.values()):
            self.refuse("names", "an object of languages and texts is needed")
            return {}
        for language in value:
            if language not in _LANGUAGES:
                known = ", ".join(LANGUAGES.values())
                self.refuse("names", f"{shown(language)} is no language of the hub: {known}")
        return {language: name for language, name in value.items() if name}

    def currencies(self) -> tuple[str, ...]:
        """Give codes of currencies; whether there are such is checked elsewhere."""
        value = self._raw["currencies"]
        if isinstance(value, list) and all(isinstance(code, str) for code in value):
            return tuple(map(shown_plainly, value))
        self.refuse("currencies", "a list of codes like EUR is needed")
        return ()


def read_provider_fields(fields: RawFields) -> ProviderFields:
    """Make what the file says of a provider into values; what it leaves out is left out."""
    found = ProviderFields()
    if fields.has("name"):
        found["name"] = fields.text("name")
    if fields.has("names"):
        found["names"] = fields.names()
    if fields.has("status"):
        found["status"] = fields.status()
    if fields.has("currencies"):
        found["currencies"] = fields.currencies()
    fields.add(provider_faults(found, allow_http=False))
    return found


def read_game(provider_id: int, fields: RawFields) -> Game:
    """Make a game of its fields; with reasons noted it is not to be used."""
    game = Game(
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
        reg_date=fields.text("reg_date", ""),
    )
    fields.add(faults_of_game(game))
    return game


def unknown_names(raw: Collection[str], known: Collection[str]) -> set[str]:
    """Give the names that no catalogue has, in a form that can be shown."""
    return {shown_plainly(name) for name in raw if name not in known}


def shown(value: str) -> str:
    """Quote a value for a sentence: short, and without anything that a terminal would obey."""
    cut = value[:_SHOWN_CHARACTERS_MAX] + ("..." if len(value) > _SHOWN_CHARACTERS_MAX else "")
    return repr(cut)


def shown_plainly(value: str) -> str:
    """Give a value as it is where that is short and printable, else quoted."""
    is_plain = value.isprintable() and len(value) <= _SHOWN_CHARACTERS_MAX
    return value if is_plain else shown(value)


def integer(value: object) -> int | None:
    """Give an integer, also one written in decimal digits; None for all else."""
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
