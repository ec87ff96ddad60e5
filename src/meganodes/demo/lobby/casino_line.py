"""What the casino's own server asks of the hub for its player: open a game, show a round."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from meganodes.demo.http_client import HttpRequest, NoAnswer, send

GAME: Final = "toy-slot"
_CALL_SECONDS: Final = 10.0


class HubSaidNo(Exception):
    """The hub did not do what was asked; the sentence says why, for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HubPlace:
    """Where the hub is and what opens its Main API."""

    url: str
    api_token: str


class CasinoLine:
    """The Main API, as far as a lobby needs it; every method raises HubSaidNo."""

    def __init__(self, place: HubPlace | None) -> None:
        self._place = place

    async def game_url(self, account: str, lang: int, return_url: str) -> str:
        """Ask for an address that opens the game once."""
        fields = {
            "user_code": await self._user_code(account),
            "provider_id": await self._provider_id(),
            "game_symbol": GAME,
            "lang": lang,
            "return_url": return_url,
        }
        return str((await self._ask("game/game-url", fields))["game_url"])

    async def round_url(self, account: str, round_id: str) -> str:
        """Ask for the address of a round's page."""
        fields = {"user_code": await self._user_code(account), "round_id": round_id}
        return str((await self._ask("game/round-details", fields))["url"])

    async def _user_code(self, account: str) -> int:
        return int((await self._ask("user/create", {"name": account}))["user_code"])

    async def _provider_id(self) -> int:
        games: Any = await self._ask("game/all", {})
        found = [int(game["provider_id"]) for game in games if game["game_code"] == GAME]
        if not found:
            raise HubSaidNo(f"the game {GAME} is not assigned to this casino")
        return found[0]

    async def _ask(self, path: str, fields: Mapping[str, object]) -> Any:  # noqa: ANN401 - any data
        if self._place is None:
            raise HubSaidNo("this casino was started without --hub")
        request = HttpRequest(
            method="POST",
            url=f"{self._place.url}/v4/{path}",
            token=self._place.api_token,
            body=json.dumps(fields).encode(),
        )
        try:
            answer: Any = (await send(request, _CALL_SECONDS)).json()
        except NoAnswer as silence:
            raise HubSaidNo("the hub does not answer") from silence
        if not isinstance(answer, dict) or answer.get("code") != 0:
            raise HubSaidNo(f"{path}: {_refusal(answer)}")
        return answer["data"]


def _refusal(answer: object) -> str:
    if not isinstance(answer, dict):
        return "an answer nobody understands"
    reason = answer.get("data")
    detail = f", {reason['reason']}" if isinstance(reason, dict) and "reason" in reason else ""
    return f"{answer.get('code')} {answer.get('message')}{detail}"
