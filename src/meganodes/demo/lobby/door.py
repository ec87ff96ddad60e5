"""The lobby's pages: the player's balance and last rounds, the way into the game, a round's page.

One player lives here, the guest: whoever opens the page. The money is nobody's.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

import meganodes.demo.slot
from meganodes.demo.lobby.casino_line import CasinoLine, HubPlace, HubSaidNo
from meganodes.demo.lobby.rounds_played import rounds_played
from meganodes.demo.look.pages import files_of, page, shared_files
from meganodes.hub.languages import LANGUAGES
from meganodes.player_pages.texts import language_of
from meganodes.protocol.money import format_amount
from meganodes.sdk.ledger import Account, Ledger

GUEST: Final = "guest"
_OPENING_UNITS: Final = 100
_ENTRIES_SHOWN: Final = 40
_ROUNDS_SHOWN: Final = 7
_BAD_GATEWAY: Final = 502
_SLOT_FILES: Final = Path(meganodes.demo.slot.__file__).parent / "static"
_SEALED: Final = {"cache-control": "no-store", "referrer-policy": "no-referrer"}
_environment = Environment(
    loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LobbyTerms:
    """``hub`` None: the lobby shows the balance, and no game can be opened."""

    currency: str
    exponent: int
    hub: HubPlace | None


class Lobby:
    """The casino's pages for its player."""

    def __init__(self, ledger: Ledger, terms: LobbyTerms) -> None:
        self._ledger = ledger
        self._terms = terms
        self._line = CasinoLine(terms.hub)

    def routes(self) -> list[BaseRoute]:
        """Make the routes of the lobby."""
        return [
            Route("/", self._show),
            Route("/play", self._play),
            Route("/round/{round_id}", self._round),
            Route("/lobby/state", self._state),
            Route("/lobby/top-up", self._top_up, methods=["POST"]),
            files_of("/lobby/static", Path(__file__).parent / "static"),
            files_of("/slot/static", _SLOT_FILES),
            shared_files(),
        ]

    async def _show(self, request: Request) -> Response:
        language = _language(request)
        texts = ALL_TEXTS[language]
        setting = {"language": language, "texts": texts, "currency": self._terms.currency}
        html = _environment.get_template("lobby.html").render(
            language=language, texts=texts, setting=setting, state=self._told()
        )
        return page(html)

    async def _state(self, _request: Request) -> Response:
        return JSONResponse(self._told(), headers=_SEALED)

    async def _top_up(self, _request: Request) -> Response:
        """Give the guest more play money."""
        self._guest()
        self._ledger.deposit(GUEST, self._opening_minor())
        return JSONResponse(self._told(), headers=_SEALED)

    async def _play(self, request: Request) -> Response:
        """Open the game: the guest's account, an address from the hub, and on to it."""
        self._guest()
        try:
            url = await self._line.game_url(GUEST, _lang_number(request), str(request.base_url))
        except HubSaidNo as no:
            return _trouble(request, "no_game", str(no))
        return RedirectResponse(url, status_code=302, headers=_SEALED)

    async def _round(self, request: Request) -> Response:
        """Show a round: the hub has a page for it."""
        round_id = request.path_params["round_id"]
        try:
            url = await self._line.round_url(GUEST, round_id)
        except HubSaidNo as no:
            return _trouble(request, "no_round", str(no))
        return RedirectResponse(url, status_code=302, headers=_SEALED)

    def _told(self) -> dict[str, object]:
        entries = self._ledger.newest_entries(GUEST, _ENTRIES_SHOWN)
        played = rounds_played(entries, self._terms.exponent)
        return {
            "balance": self._text(self._guest().balance_minor),
            "rounds": played[:_ROUNDS_SHOWN],
            "top_up": self._text(self._opening_minor()),
        }

    def _guest(self) -> Account:
        """Find the guest's account, or open it."""
        found = self._ledger.account(GUEST)
        return found or self._ledger.deposit(GUEST, self._opening_minor())

    def _opening_minor(self) -> int:
        return int(_OPENING_UNITS * 10**self._terms.exponent)

    def _text(self, amount_minor: int) -> str:
        return format_amount(amount_minor, self._terms.exponent)


def _trouble(request: Request, title: str, reason: str) -> Response:
    language = _language(request)
    texts = ALL_TEXTS[language]
    html = _environment.get_template("trouble.html").render(
        language=language, texts=texts, title=texts[title], reason=reason, again=request.url.path
    )
    return page(html, status=_BAD_GATEWAY)


def _language(request: Request) -> str:
    return language_of(None, request.headers.get("accept-language", ""))


def _lang_number(request: Request) -> int:
    language = _language(request)
    return next(number for number, code in LANGUAGES.items() if code == language)


ALL_TEXTS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads(
    files(__package__).joinpath("texts.toml").read_text("utf-8")
)
