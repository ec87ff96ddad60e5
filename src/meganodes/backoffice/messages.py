"""What pages say, through catalogues: English stands in the templates, others replace it."""

from __future__ import annotations

import tomllib
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("en",)


class Catalogue(NullTranslations):
    """The messages of one language; one that is not listed stays as it is written in English."""

    def __init__(self, messages: dict[str, str]) -> None:
        super().__init__()
        self._messages = messages

    def gettext(self, message: str) -> str:
        return self._messages.get(message) or message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)


@cache
def catalogue(language: str) -> Catalogue:
    """Read a language's messages; `python3 -m tools.messages` keeps the English list complete."""
    assert language in LANGUAGES
    text = files(__package__).joinpath("locales", f"{language}.toml").read_text("utf-8")
    return Catalogue(tomllib.loads(text)["messages"])
