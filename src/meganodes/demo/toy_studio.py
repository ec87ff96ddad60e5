"""A game provider as small as one can be: a game to play, rounds on demand, and a durable record.

`/play` is where the hub sends a player's browser. `/control` is for the tour, tests and people.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from meganodes.demo.json_body import BadOrder, bad_order, fields_of, text_of
from meganodes.demo.odds import CHANCES, odds
from meganodes.demo.provider_door import HubDoor, ProviderDoor
from meganodes.demo.serving import serve
from meganodes.demo.slot.door import SlotDoor
from meganodes.demo.slot.pages import SlotPages
from meganodes.demo.studio import Studio, StudioTerms
from meganodes.demo.studio_items import Item, Round, Style
from meganodes.demo.studio_record import StudioRecord
from meganodes.demo.studio_rules import Answer
from meganodes.kit.clock import Clock, SystemClock
from meganodes.kit.identity import Identity, SystemIdentity
from meganodes.protocol.currency import currency
from meganodes.protocol.money import AmountError, parse_amount

DEFAULT_PORT = 8702
_FOLLOW_UP_SECONDS = 1.0
_ROUNDS_MAX = 10_000
MIXED_STYLES = (*[Style.BET_WIN] * 6, Style.BETWIN, Style.BET_WIN, Style.CANCEL, Style.BETWIN)
"""How ten rounds in a row are played when nobody says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudioSettings:
    """``provider_token`` comes from `provider add`; ``database`` is the record's SQLite file."""

    database: Path | str
    terms: StudioTerms


class ToyStudio:
    """The studio: its record, the player of rounds, and the application over both."""

    def __init__(
        self, settings: StudioSettings, door: HubDoor, clock: Clock, identity: Identity
    ) -> None:
        self._clock = clock
        self._door = door
        self._exponent = settings.terms.exponent
        self.record = StudioRecord(settings.database)
        self.studio = Studio(
            self.record, door, clock=clock, identity=identity, terms=settings.terms
        )
        self.slot = SlotDoor(self.studio, self.record, door, settings.terms)
        self._pages = SlotPages(settings.terms)
        self.app = Starlette(
            routes=[
                Route("/play", self._launch),
                *self.slot.routes(),
                *self._pages.routes(),
                Route("/odds", _show_odds),
                Route("/control/play", self._play, methods=["POST"]),
                Route("/control/repeat", self._repeat, methods=["POST"]),
                Route("/control/record", self._show_record),
                Route("/health", _healthy),
            ],
            lifespan=self._lifespan,
            exception_handlers={BadOrder: bad_order},
        )

    def close(self) -> None:
        """Close the record's file; may be called again."""
        self.record.close()

    def _lifespan(self, _app: Starlette) -> AbstractAsyncContextManager[None]:
        @asynccontextmanager
        async def life() -> AsyncIterator[None]:
            tasks = [
                asyncio.create_task(self.studio.resume()),
                asyncio.create_task(self._follow_up()),
            ]
            yield
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self.slot.close()
            self.close()

        return life()

    async def _follow_up(self) -> None:
        while True:
            await self.studio.follow_up()
            await self._clock.sleep(_FOLLOW_UP_SECONDS)

    async def _launch(self, request: Request) -> Response:
        """Remember the session and give the game to a browser.

        A program that asks for JSON, as the tour does, is told who plays instead.
        """
        session = request.query_params.get("session", "")
        game_code = request.query_params.get("game_code", "")
        if not session or not game_code:
            raise BadOrder("the launch address needs session and game_code")
        self.record.remember_session(session, game_code)
        if "text/html" in request.headers.get("accept", ""):
            lang = request.query_params.get("lang", "")
            return self._pages.game(session, lang, request.query_params.get("return_url", ""))
        answer = await self._door.ask("authenticate", json.dumps({"session": session}))
        return JSONResponse({"game_code": game_code, "authenticate": _shown(answer)})

    async def _play(self, request: Request) -> JSONResponse:
        fields = await fields_of(request)
        session = (
            text_of(fields, "session") if "session" in fields else self.record.newest_session()
        )
        rounds = fields.get("rounds", 1)
        if session is None or self.record.game_code(session) is None:
            raise BadOrder("this session was never launched here")
        if not isinstance(rounds, int) or not 1 <= rounds <= _ROUNDS_MAX:
            raise BadOrder(f"rounds must be an integer from 1 to {_ROUNDS_MAX}")
        try:
            stake_minor = parse_amount(text_of(fields, "stake"), self._exponent)
        except AmountError as error:
            raise BadOrder(f"stake: {error}") from error
        played = [
            await self.studio.play(session, stake_minor, style)
            for style in islice(cycle(_styles(fields)), rounds)
        ]
        return JSONResponse({"rounds": [self._round(one) for one in played]})

    async def _repeat(self, request: Request) -> JSONResponse:
        fields = await fields_of(request)
        try:
            answer = await self.studio.repeat(text_of(fields, "transaction_id"))
        except KeyError as error:
            raise BadOrder("this transaction is not in the record") from error
        return JSONResponse(_shown(answer))

    async def _show_record(self, request: Request) -> JSONResponse:
        rounds = self.record.rounds()
        wanted = request.query_params.get("round_id")
        shown = [self._round(one) for one in rounds if wanted in {None, one.round_id}]
        return JSONResponse({"exponent": self._exponent, "rounds": shown})

    def _round(self, game_round: Round) -> dict[str, object]:
        current = self.record.round(game_round.round_id)
        calls = self.record.calls(game_round.round_id)
        return {
            "round_id": current.round_id,
            "session": current.session,
            "style": current.style.value,
            "stake_minor": current.stake_minor,
            "is_open": current.is_open,
            "calls": [
                {"command": call.command.value, "code": call.code, "sendings": call.sendings}
                for call in calls
            ],
            "items": [_item(item) for call in calls for item in self.record.items(call.call_id)],
        }


def _item(item: Item) -> dict[str, object]:
    return {
        "transaction_id": item.transaction_id,
        "kind": item.kind,
        "amount_minor": item.amount_minor,
        "outcome": item.outcome.value,
        "transaction_guid": item.transaction_guid,
        "delivered": item.delivered,
    }


def _styles(fields: Mapping[str, object]) -> Sequence[Style]:
    if "style" not in fields:
        return MIXED_STYLES
    try:
        return (Style(text_of(fields, "style")),)
    except ValueError as error:
        raise BadOrder(str(error)) from error


def _shown(answer: Answer | None) -> dict[str, object]:
    if answer is None:
        return {"answered": False}
    return {"answered": True, "status": answer.status, "code": answer.code, "data": answer.data}


async def _show_odds(_request: Request) -> JSONResponse:
    shown = [{"chances": chances, "of": CHANCES, "pays": pays} for chances, pays in odds()]
    return JSONResponse({"odds": shown})


async def _healthy(_request: Request) -> JSONResponse:
    return JSONResponse({"ready": True})


def read_settings(arguments: Sequence[str]) -> tuple[StudioSettings, ProviderDoor, int]:
    """Read the command line: the settings, the way to the hub, and the port."""
    parser = argparse.ArgumentParser(prog="toy_studio", description=__doc__)
    parser.add_argument("--provider", type=Path, required=True, help="what `provider add` printed")
    parser.add_argument(
        "--hub",
        action="append",
        required=True,
        metavar="URL",
        help="the hub's address, http://127.0.0.1:8700; once for each of its nodes",
    )
    parser.add_argument("--database", type=Path, required=True, help="the record's SQLite file")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--currency", default="EUR")
    given = parser.parse_args(arguments)
    money = currency(given.currency)
    settings = StudioSettings(
        database=given.database,
        terms=StudioTerms(currency=money.code, exponent=money.exponent),
    )
    token = json.loads(given.provider.read_text())["provider_token"]
    hub_url, *other_nodes = given.hub
    return settings, ProviderDoor(hub_url, token, other_nodes), given.port


def make_studio(settings: StudioSettings, door: HubDoor) -> ToyStudio:
    """Make the studio as it runs in earnest: every draw comes from the operating system."""
    clock = SystemClock()
    return ToyStudio(settings, door, clock, SystemIdentity(clock, node=0))


def main(arguments: Sequence[str]) -> None:
    """Run the studio until it is told to stop."""
    settings, door, port = read_settings(arguments)
    serve(make_studio(settings, door).app, "127.0.0.1", port)


if __name__ == "__main__":
    main(sys.argv[1:])
