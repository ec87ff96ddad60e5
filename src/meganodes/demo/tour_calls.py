"""The calls the tour makes: to the hub's Main API, to the toys, and as a browser."""

from __future__ import annotations

import json
from typing import Any

from meganodes.demo.http_client import HttpRequest, HttpResult, NoAnswer, get_json, post_json, send
from meganodes.demo.narrator import Narrator
from meganodes.demo.reading_records import Places
from meganodes.kit.clock import Clock
from meganodes.protocol.money import format_amount

_CALL_SECONDS = 15.0
_PLAY_SECONDS = 300.0
_CALLBACK_WITHIN_SECONDS = 30.0
_FOUND = 302


class TourFault(Exception):
    """Something did not come out as the tour promises; the sentence says what."""


class TourCalls:
    """Makes calls, shows them, and keeps track of which callbacks were shown already."""

    def __init__(self, places: Places, narrator: Narrator, clock: Clock) -> None:
        self._places = places
        self._narrator = narrator
        self._clock = clock
        self._seen = 0

    async def main_api(
        self,
        path: str,
        fields: dict[str, object],
        *,
        shows_answer: bool = True,
        is_quiet: bool = False,
    ) -> Any:  # noqa: ANN401 - the data of any endpoint
        """Call the hub as the casino's server does; returns `data` of a success."""
        body = json.dumps(fields)
        request = HttpRequest(
            method="POST",
            url=f"{self._places.hub_url}{path}",
            token=self._places.api_token,
            body=body.encode(),
        )
        result, duration_ms = await self._send(request, f"POST {path}")
        text = result.body.decode("utf-8", "replace")
        if not is_quiet:
            shown = text if shows_answer else f"{len(text)} bytes"
            self._narrator.call(f"POST {path}", body, shown, duration_ms)
        answer: Any = result.json()
        if not isinstance(answer, dict) or answer.get("code") != 0:
            raise TourFault(f"POST {path} answered {text}")
        return answer["data"]

    async def browse(self, url: str) -> str:
        """Open an address as a player's browser does; returns where it is sent."""
        result, duration_ms = await self._send(HttpRequest(method="GET", url=url), "the launch")
        location = result.headers.get("location", "")
        self._narrator.call(
            "GET", _shortened(url), f"{result.status} Location: {_shortened(location)}", duration_ms
        )
        if result.status != _FOUND:
            raise TourFault(f"the launch answered HTTP {result.status}, expected a redirect")
        return location

    async def studio_page(self, location: str) -> Any:  # noqa: ANN401 - the studio's page
        """Follow the redirect to the studio."""
        return await get_json(location, _CALL_SECONDS)

    async def casino(self, path: str, fields: object) -> None:
        """Tell the casino something."""
        await post_json(f"{self._places.casino_url}/control/{path}", fields)

    async def plan(self, fault: dict[str, object]) -> None:
        """Plan a fault at the casino; whatever it received before counts as seen."""
        await self._new_callbacks()
        await post_json(f"{self._places.casino_url}/control", {"next": [fault]})

    async def play(self, session: str, rounds: int, stake: str, style: str | None = None) -> Any:  # noqa: ANN401
        """Let the studio play; returns the rounds."""
        fields: dict[str, object] = {"session": session, "rounds": rounds, "stake": stake}
        if style is not None:
            fields["style"] = style
        url = f"{self._places.studio_url}/control/play"
        answer: Any = await post_json(url, fields, _PLAY_SECONDS)
        if "rounds" not in answer:
            raise TourFault(f"the studio does not play: {answer}")
        return answer["rounds"]

    async def round(self, round_id: str) -> Any:  # noqa: ANN401 - a round as the studio tells it
        """Read one round of the studio's record."""
        url = f"{self._places.studio_url}/control/record?round_id={round_id}"
        record: Any = await get_json(url)
        return record["rounds"][0]

    async def repeat(self, transaction_id: str) -> Any:  # noqa: ANN401 - a Provider API answer
        """Let the studio send a request again, and show the answer."""
        url = f"{self._places.studio_url}/control/repeat"
        began = self._clock.monotonic()
        answer: Any = await post_json(url, {"transaction_id": transaction_id}, _CALL_SECONDS)
        duration_ms = round((self._clock.monotonic() - began) * 1000)
        name = "POST /provider/v1/bet"
        self._narrator.call(name, f"(again) {transaction_id}", json.dumps(answer), duration_ms)
        if not answer["answered"] or answer["code"] != 0:
            raise TourFault(f"the repeated bet was answered {answer}")
        return answer

    async def bets_sent_twice(self) -> list[str]:
        """Return the ids of bets that arrived at the casino more than once."""
        url = f"{self._places.casino_url}/control/arrivals?command=bet"
        arrivals: Any = await get_json(url)
        return [name for name, times in arrivals.items() if times > 1]

    async def show_callbacks(self, command: str) -> None:
        """Show the newest callback of a command since the last look."""
        fitting = [one for one in await self._new_callbacks() if one["command"] == command]
        if not fitting:
            raise TourFault(f"the casino received no {command} callback")
        self._narrator.callback(fitting[-1])

    async def await_callback(self, command: str) -> Any:  # noqa: ANN401 - a callback as logged
        """Wait for the next callback of a command that has been answered."""
        deadline = self._clock.monotonic() + _CALLBACK_WITHIN_SECONDS
        while self._clock.monotonic() < deadline:
            for one in await self._callbacks():
                if one["command"] == command:
                    self._seen = one["number"]
                    return one
            await self._clock.sleep(0.1)
        raise TourFault(f"no {command} callback came in {_CALLBACK_WITHIN_SECONDS:g} s")

    def amount(self, amount_minor: int) -> str:
        """Write an amount for people."""
        return format_amount(amount_minor, self._places.exponent)

    async def _new_callbacks(self) -> list[Any]:
        found = await self._callbacks()
        self._seen = max([self._seen, *(one["number"] for one in found)])
        return found

    async def _callbacks(self) -> list[Any]:
        url = f"{self._places.casino_url}/control/requests?after={self._seen}"
        shown: Any = await get_json(url)
        found: list[Any] = shown["requests"]
        return found

    async def _send(self, request: HttpRequest, name: str) -> tuple[HttpResult, int]:
        began = self._clock.monotonic()
        try:
            result = await send(request, _CALL_SECONDS)
        except NoAnswer as silence:
            raise TourFault(f"{name} got no answer: {silence}") from silence
        return result, round((self._clock.monotonic() - began) * 1000)


def _shortened(url: str, length_max: int = 100) -> str:
    return url if len(url) <= length_max else f"{url[:length_max]}..."
