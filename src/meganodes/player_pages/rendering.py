"""Turning words into a page: one template environment that escapes everything."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from meganodes.hub.launch import LAUNCH_PATH
from meganodes.player_pages.round_sheet import RoundSheet
from meganodes.player_pages.round_texts import round_words
from meganodes.player_pages.texts import LANGUAGE_NAMES, Topic, wording

_STYLE_NAME: Final = "page.css"
_ICON_NAME: Final = "icon.svg"
STYLE_PATH: Final = f"{LAUNCH_PATH}/{_STYLE_NAME}"
ICON_PATH: Final = f"{LAUNCH_PATH}/{_ICON_NAME}"

# Relative, so that they are found under whatever public address the hub has.
_FOLDER: Final = LAUNCH_PATH.rpartition("/")[2]

_SIGNS: Final = {Topic.EXPIRED: "clock", Topic.ROUND_EXPIRED: "clock", Topic.CLOSED: "pause"}

_environment = Environment(
    loader=PackageLoader(__package__),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def closed_page(topic: Topic, language: str, return_url: str) -> str:
    """Write the page that says why nothing opens; ``return_url`` "" for no link back."""
    words = wording(topic, language)
    return _environment.get_template("closed.html").render(
        **_frame(language), words=words, return_url=return_url, sign=_SIGNS.get(topic, "mark")
    )


def round_page(sheet: RoundSheet, language: str, language_links: dict[str, str]) -> str:
    """Write the page of a round; ``language_links`` lead to it in every language, by code."""
    return _environment.get_template("round.html").render(
        **_frame(language),
        words=round_words(language),
        sheet=sheet,
        languages=[
            {"code": code, "name": LANGUAGE_NAMES[code], "href": href}
            for code, href in language_links.items()
        ],
        language_name=LANGUAGE_NAMES[language],
    )


def _frame(language: str) -> dict[str, object]:
    """Give what every page begins with; the style sheet's address changes with its content."""
    edition = sha256(style_sheet().encode()).hexdigest()[:8]
    return {
        "language": language,
        "style_href": f"{_FOLDER}/{_STYLE_NAME}?{edition}",
        "icon_href": f"{_FOLDER}/{_ICON_NAME}",
    }


@cache
def style_sheet() -> str:
    """Read the style sheet of the pages."""
    return files(__package__).joinpath("static", _STYLE_NAME).read_text("utf-8")


@cache
def icon() -> str:
    """Read the picture that browsers show beside the title."""
    return files(__package__).joinpath("static", _ICON_NAME).read_text("utf-8")
