"""The prose of the reference: Markdown files whose top headings say what each part is about."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

_HEADING = re.compile(r"^# (.+)\n", re.MULTILINE)


@cache
def texts(name: str) -> Mapping[str, str]:
    """Read a file: its parts by their headings."""
    content = files(__package__).joinpath("texts", f"{name}.md").read_text("utf-8")
    _, *parts = _HEADING.split(content)
    return {heading: text.strip() for heading, text in zip(parts[::2], parts[1::2], strict=True)}
