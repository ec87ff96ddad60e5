"""Provider address templates: which variables they may use, and how they are filled in.

A template is checked when it is saved, so that filling one in cannot fail on a player (contract 4,
launch address).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

TEMPLATE_CHARACTERS_MAX = 2_000
_VARIABLE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class TemplateKind:
    """What a kind of template may contain and what it must."""

    title: str
    allowed: frozenset[str]
    required: tuple[str, ...]


LAUNCH = TemplateKind(
    "launch",
    frozenset({"session", "game_code", "lang", "currency", "return_url", "mode", "user_code"}),
    ("session", "game_code"),
)
REPLAY = TemplateKind("replay", frozenset({"round_id", "game_code", "user_code"}), ("round_id",))


def template_faults(template: str, kind: TemplateKind, *, allow_http: bool) -> list[str]:
    """Return a sentence for everything that keeps this template from being saved."""
    return [
        *_character_faults(template, kind),
        *_variable_faults(template, kind),
        *_address_faults(template, kind, allow_http=allow_http),
    ]


def render_launch_url(template: str, values: Mapping[str, str]) -> str:
    """Fill a checked template in; every value is percent-encoded, once, whatever it contains.

    A variable without a value (no return address, say) becomes empty.
    """
    return _VARIABLE.sub(lambda found: quote(values.get(found[1], ""), safe=""), template)


def _character_faults(template: str, kind: TemplateKind) -> list[str]:
    if len(template) > TEMPLATE_CHARACTERS_MAX:
        return [f"the {kind.title} address has more than {TEMPLATE_CHARACTERS_MAX} characters"]
    if not all("!" <= character <= "~" for character in template):
        return [
            f"the {kind.title} address may hold printable ASCII characters only, without blanks"
        ]
    return []


def _variable_faults(template: str, kind: TemplateKind) -> list[str]:
    used = _VARIABLE.findall(template)
    known = ", ".join(f"{{{name}}}" for name in sorted(kind.allowed))
    faults = [
        f"the {kind.title} address uses {{{name}}}, which is not among {known}"
        for name in dict.fromkeys(used)
        if name not in kind.allowed
    ]
    faults += [
        f"the {kind.title} address must use {{{name}}}"
        for name in kind.required
        if name not in used
    ]
    if set("{}") & set(_VARIABLE.sub("", template)):
        faults.append(f"the {kind.title} address has a brace without its partner")
    return faults


def _address_faults(template: str, kind: TemplateKind, *, allow_http: bool) -> list[str]:
    try:
        parts = urlsplit(template)
        port = parts.port
    except ValueError:
        return [f"the {kind.title} address cannot be read as an address"]
    faults = []
    if parts.scheme not in ({"https", "http"} if allow_http else {"https"}):
        allowed = "https:// or http://" if allow_http else "https://"
        faults.append(f"the {kind.title} address must start with {allowed}")
    elif not parts.hostname or port == 0:
        faults.append(f"the {kind.title} address has no usable host and port")
    if set("{}@\\") & set(parts.netloc):
        faults.append(
            f"the {kind.title} address may not have a variable, a user or a backslash in its host"
        )
    return faults
