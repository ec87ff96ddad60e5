"""One address that opens the game on a backend in another language: the account, then the launch.

The toy casino has a lobby for this; here the backend is asked through its own control.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from meganodes.demo.http_client import NoAnswer, get_json, post_json
from meganodes.demo.lobby.casino_line import CasinoLine, HubPlace, HubSaidNo
from meganodes.protocol.money import format_amount

GUEST: Final = "guest"
_OPENING_UNITS: Final = 100
_ENGLISH: Final = 1
_BAD_GATEWAY: Final = 502


class WayIntoGame:
    """Opens an account for whoever comes, and sends the browser into the game."""

    def __init__(self, backend_url: str, hub: HubPlace | None) -> None:
        self._backend_url = backend_url
        self._line = CasinoLine(hub)

    async def open(self, request: Request) -> Response:
        """Answer with the launch; with a sentence when hub or backend say no."""
        try:
            await self._open_account()
            url = await self._line.game_url(GUEST, _ENGLISH, str(request.url))
        except HubSaidNo as no:
            return PlainTextResponse(f"No game: {no}", _BAD_GATEWAY)
        except NoAnswer as silence:
            return PlainTextResponse(f"The backend is silent: {silence}", _BAD_GATEWAY)
        return RedirectResponse(url, status_code=302, headers={"cache-control": "no-store"})

    async def _open_account(self) -> None:
        ledger: Any = await get_json(f"{self._backend_url}/control/ledger")
        if any(player["account"] == GUEST for player in ledger["players"]):
            return
        exponent = ledger["exponent"]
        deposit = format_amount(_OPENING_UNITS * 10**exponent, exponent)
        order = {"account": GUEST, "deposit": deposit}
        await post_json(f"{self._backend_url}/control/players", order)
