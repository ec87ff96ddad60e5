"""SQL lives in .sql files, each statement with a name and a sentence; this reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType

_HEADING = re.compile(r"^-- (name|fragment): (\w+)$", re.MULTILINE)
_PLACE = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """A named statement; ``text`` is what the database gets, ``description`` what people read."""

    name: str
    description: str
    text: str


def read_statements(source: str) -> Mapping[str, Statement]:
    """Read a file of statements and paste its fragments in; one may use those before it."""
    # What stands before the first heading, then kind, name and body, again and again.
    _, *parts = _HEADING.split(source)
    found: dict[str, Statement] = {}
    fragments: dict[str, str] = {}
    for kind, name, body in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        if name in found or name in fragments:
            raise ValueError(f"the name {name} is given twice")
        description, text = _described(name, body)
        whole = _PLACE.sub(lambda place: fragments[place[1]], text)
        if kind == "fragment":
            fragments[name] = whole
        else:
            found[name] = Statement(name=name, description=description, text=whole)
    return MappingProxyType(found)


def _described(name: str, body: str) -> tuple[str, str]:
    lines = body.strip().splitlines()
    comment = [line.removeprefix("-- ") for line in lines if line.startswith("-- ")]
    text = "\n".join(line for line in lines if not line.startswith("-- "))
    if not comment or not text:
        raise ValueError(f"{name} needs a sentence and a statement")
    return " ".join(comment), text


def _of(database: str) -> Mapping[str, Statement]:
    return read_statements(files(__package__).joinpath("sql", f"{database}.sql").read_text("utf-8"))


SQLITE: Mapping[str, Statement] = _of("sqlite")
"""The journal's statements for SQLite."""

POSTGRESQL: Mapping[str, Statement] = _of("postgresql")
"""Those of pages, reports and workers for PostgreSQL: the same names, the same parameters."""
