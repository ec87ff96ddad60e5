"""Words for notes, faults and malformed replies: what came, shown short and without harm."""

from collections.abc import Mapping
from json.encoder import encode_basestring_ascii as _quoted
from typing import Final

from meganodes.protocol.wire import Number

_TEXT_SHOWN_MAX: Final = 40
_KEYS_SHOWN_MAX: Final = 5


def shown(value: object) -> str:
    """Name a JSON value in a sentence; long ones are cut, control characters are escaped."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return "the text " + _short(value)
        case int() | Number():
            text = value.text if isinstance(value, Number) else str(value)
            return text if len(text) <= _TEXT_SHOWN_MAX else text[:_TEXT_SHOWN_MAX] + "..."
        case list():
            return "a list"
        case _:
            return "an object"


def _short(text: str) -> str:
    if len(text) <= _TEXT_SHOWN_MAX:
        return _quoted(text)
    return _quoted(text[:_TEXT_SHOWN_MAX]) + "..."


def note_extra_keys(
    notes: list[str], members: Mapping[str, object], known: frozenset[str], where: str
) -> None:
    """Note the keys that are ignored because the contract does not have them (contract 3.3)."""
    if members.keys() <= known:
        return
    extra = [_short(key) for key in members if key not in known]
    more = f" and {len(extra) - _KEYS_SHOWN_MAX} more" if len(extra) > _KEYS_SHOWN_MAX else ""
    notes.append(f"{where} has extra keys, ignored: {', '.join(extra[:_KEYS_SHOWN_MAX])}{more}")
