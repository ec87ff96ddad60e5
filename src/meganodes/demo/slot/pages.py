"""The pages of the toy slot: the game, the replay of a round, and how the game pays."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from meganodes.demo.look.pages import files_of, page, shared_files
from meganodes.demo.odds import LINES, PAYS, REELS, ROWS, Symbol, multiple, paid_lines, window
from meganodes.demo.slot.door import IDLE
from meganodes.demo.slot.figures import figures, percent
from meganodes.demo.slot.round_view import window_view
from meganodes.demo.slot.stakes import FIRST_CHOICE, stakes_text
from meganodes.demo.slot.texts import words_in
from meganodes.demo.studio import StudioTerms
from meganodes.player_pages.texts import language_of
from meganodes.protocol.money import format_amount

EXAMPLE: Final = (12, 12, 19)
"""The result that the page about the maths works through."""

_WEB_ADDRESS: Final = re.compile(r"https?://", re.IGNORECASE)
_EXAMPLE_STAKE_MINOR: Final = 100
_CENTS: Final = 2
_environment = Environment(
    loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined
)


class SlotPages:
    """Writes the pages; everything in them comes from the game's data."""

    def __init__(self, terms: StudioTerms) -> None:
        self._terms = terms

    def routes(self) -> list[BaseRoute]:
        """Make the routes of all pages but the game's own, and of their files."""
        return [
            Route("/replay", self._replay),
            Route("/how-this-game-pays", _how_it_pays),
            files_of("/slot/static", Path(__file__).parent / "static"),
            shared_files(),
        ]

    def game(self, session: str, lang: str, return_url: str) -> Response:
        """Write the game's page for a session that was launched."""
        words = words_in(lang)
        setting = {
            **_shown_by_scripts(lang),
            "session": session,
            "currency": self._terms.currency,
            "stakes": stakes_text(self._terms.exponent),
            "first_stake": FIRST_CHOICE,
        }
        html = _environment.get_template("play.html").render(
            words=words, setting=setting, pays=PAYS, return_url=_safe_link(return_url)
        )
        return page(html, may_be_framed=True)

    async def _replay(self, request: Request) -> Response:
        """Write the page on which a round can be seen again; its script asks for the round."""
        wanted = request.query_params.get("lang")
        accepted = request.headers.get("accept-language", "")
        words = words_in(wanted or language_of(None, accepted))
        setting = {
            **_shown_by_scripts(words.language),
            "round_id": request.query_params.get("round_id", ""),
            "idle": window_view(IDLE),
        }
        html = _environment.get_template("replay.html").render(words=words, setting=setting)
        return page(html, may_be_framed=True)


def _shown_by_scripts(lang: str) -> dict[str, object]:
    words = words_in(lang)
    return {
        "language": words.language,
        "texts": words.texts,
        "strips": [[symbol.value for symbol in reel] for reel in REELS],
        "lines": LINES,
    }


def _safe_link(return_url: str) -> str:
    """Give an address back if a link to it can only lead to a web page, else nothing."""
    return return_url if _WEB_ADDRESS.match(return_url) else ""


async def _how_it_pays(_request: Request) -> Response:
    html = _environment.get_template("how_this_game_pays.html").render(
        figures=figures(),
        reels=REELS,
        lines=LINES,
        rows=range(ROWS),
        key=Symbol.KEY,
        example=_example(),
        percent=percent,
        one_in=_one_in,
        keys=[reel.count(Symbol.KEY) for reel in REELS],
        counted=[[symbol.value, *(reel.count(symbol) for reel in REELS)] for symbol in Symbol],
    )
    return page(html, may_be_framed=True)


def _example() -> dict[str, object]:
    lines = paid_lines(EXAMPLE)
    return {
        "stops": [stop + 1 for stop in EXAMPLE],
        "window": window(EXAMPLE),
        "lines": lines,
        "pays": multiple(EXAMPLE),
        "stake": format_amount(_EXAMPLE_STAKE_MINOR, _CENTS),
        "win": format_amount(_EXAMPLE_STAKE_MINOR * multiple(EXAMPLE), _CENTS),
    }


def _one_in(share: Fraction) -> str:
    """Write a share as "one in so many", rounded to a tenth below ten."""
    tenths = (10 / share * 2 + 1) // 2
    return f"{tenths // 10}" if tenths >= 100 or tenths % 10 == 0 else f"{tenths / 10}"  # noqa: PLR2004
