"""Turning words into a page: one template environment that escapes everything."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from meganodes.hub.launch import LAUNCH_PATH
from meganodes.player_pages.texts import Topic, wording

_STYLE_NAME: Final = "page.css"
STYLE_PATH: Final = f"{LAUNCH_PATH}/{_STYLE_NAME}"

# Relative, so that it is found under whatever public address the hub has.
_STYLE_HREF: Final = f"{LAUNCH_PATH.rpartition('/')[2]}/{_STYLE_NAME}"

_environment = Environment(
    loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined
)


def closed_page(topic: Topic, language: str, return_url: str) -> str:
    """Write the page that stands where a game should be; ``return_url`` "" for no link back."""
    words = wording(topic, language)
    return _environment.get_template("launch_closed.html").render(
        language=words.language,
        title=words.title,
        text=words.text,
        back=words.back,
        return_url=return_url,
        style_href=_STYLE_HREF,
    )


@cache
def style_sheet() -> str:
    """Read the style sheet of the pages."""
    return files(__package__).joinpath("static", _STYLE_NAME).read_text("utf-8")
