"""The two documents as they are served, printed and compared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from meganodes.main_api.reference.main_api import main_api_document
from meganodes.main_api.reference.provider_api import provider_api_document
from meganodes.main_api.v4.routes import ENDPOINTS
from meganodes.protocol.wire import dump_json

DOCUMENTS: Final[Mapping[str, Callable[[], dict[str, Any]]]] = {
    "main": lambda: main_api_document(ENDPOINTS),
    "provider": provider_api_document,
}
"""The documents by the short name of their API."""


@cache
def document_json(api: str) -> bytes:
    """Write a document as compact JSON."""
    return dump_json(DOCUMENTS[api]())


def document_text(api: str) -> str:
    """Write a document for people: indented JSON that ends with a line feed."""
    return _text(DOCUMENTS[api](), "") + "\n"


def _text(value: object, indent: str) -> str:
    """Indent what is compound; numbers keep their digits, which json.dumps does not promise."""
    inner = indent + "  "
    if isinstance(value, Mapping) and value:
        members = [f"{_text(name, '')}: {_text(each, inner)}" for name, each in value.items()]
        return _enclosed("{}", members, indent)
    if isinstance(value, list | tuple) and value:
        return _enclosed("[]", [_text(each, inner) for each in value], indent)
    return dump_json(value).decode()


def _enclosed(brackets: str, parts: list[str], indent: str) -> str:
    inner = f"\n{indent}  "
    return f"{brackets[0]}{inner}{f',{inner}'.join(parts)}\n{indent}{brackets[1]}"
