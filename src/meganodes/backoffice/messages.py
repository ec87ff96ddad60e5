"""What pages say, through catalogues: English stands in templates and code, others replace it."""

from __future__ import annotations

import tomllib
from functools import cache
from gettext import NullTranslations
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("en",)
LANGUAGE: Final = LANGUAGES[0]
"""What pages are said in, until there is a second one to choose."""


class Catalogue(NullTranslations):
    """The messages of one language; one that is not listed stays as it is written in English."""

    def __init__(self, messages: dict[str, str]) -> None:
        super().__init__()
        self._messages = messages

    def gettext(self, message: str) -> str:
        return self._messages.get(message) or message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def has(self, message: str) -> bool:
        """Say whether the message is listed."""
        return message in self._messages


@cache
def catalogue(language: str) -> Catalogue:
    """Read a language's messages; `python3 -m tools.messages` keeps the English list complete."""
    assert language in LANGUAGES
    text = files(__package__).joinpath("locales", f"{language}.toml").read_text("utf-8")
    return Catalogue(tomllib.loads(text)["messages"])


def say(message: str, /, **values: object) -> str:
    """Say a message in the language of the pages; ``values`` go where it has %(name)s."""
    said = catalogue(LANGUAGE).gettext(message)
    return said % values if values else said


def listed(message: str) -> str:
    """Mark a message that is said later, so that it stands in the catalogues."""
    return message


def browser_words() -> dict[str, str]:
    """Give what scripts say; a script has no words of its own."""
    return {
        "copied": say("Copied"),
        "notCopied": say("The browser did not let us copy: select the text instead"),
        "broughtBack": say("What you typed is back: press the button once more."),
        "ago": say("%(length)s ago"),
        "ahead": say("in %(length)s"),
        "live": say("live"),
        "paused": say("paused"),
        "pausedWith": say("paused, %(count)s new"),
        "connecting": say("connecting again"),
        "notLive": say("not live"),
        "exporting": say("%(count)s rows"),
        "exportingOf": say("%(count)s of %(total)s rows"),
        "exported": say("The file is complete: %(count)s rows"),
        "exportFailed": say("The file broke off. Try again, or choose a shorter period."),
    }
