"""Foreign text on its way to eyes: nothing in it moves a cursor, turns text round or ends a line.

Logs, terminals and the bytes of the API log all show what strangers chose. A character that nobody
can see is written by its number, so that it neither acts nor hides (reliability 3.10, S15).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
_BYTE_MAX: Final = 0xFF
_WIDE_MIN: Final = 0x10000
_ACTS_IN_JSON: Final = re.compile(
    "[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def visible(text: str, *, lines: bool = False) -> str:
    r"""Write what nobody could see by its number, as ``\x1b``; ``lines`` keeps \n and \t."""
    if text.isprintable():
        return text
    kept = "\n\t" if lines else ""
    return "".join(each if each in kept or _is_visible(each) else _by_number(each) for each in text)


def visible_json(document: str) -> str:
    """Escape what JSON lets through and a terminal or an editor would act on; it stays JSON."""
    return _ACTS_IN_JSON.sub(lambda found: f"\\u{ord(found[0]):04x}", document)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in _HIDDEN_CATEGORIES


def _by_number(character: str) -> str:
    code = ord(character)
    if code <= _BYTE_MAX:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _WIDE_MIN else f"\\U{code:08x}"
