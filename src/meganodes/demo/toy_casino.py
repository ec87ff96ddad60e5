"""A casino backend as small as one can be: the SDK's dispatcher, a ledger, and planned faults.

`/callback` is the callback URL, `/` the lobby where a person plays. `/control` is for the tour, for
tests and for a person with curl.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from meganodes.demo.callback_door import CallbackDoor, by_dispatcher
from meganodes.demo.casino_control import CasinoControl
from meganodes.demo.json_body import BadOrder, bad_order, fields_of
from meganodes.demo.lobby.casino_line import HubPlace
from meganodes.demo.lobby.door import Lobby, LobbyTerms
from meganodes.demo.serving import serve
from meganodes.kit.clock import Clock, SystemClock
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Revision
from meganodes.protocol.currency import currency
from meganodes.protocol.money import AmountError, format_amount, parse_amount
from meganodes.sdk import Dispatcher, SignatureCheck
from meganodes.sdk.ledger import EntryKind, Ledger, SqliteLedger

DEFAULT_PORT = 8701


@dataclass(frozen=True, slots=True, kw_only=True)
class CasinoSettings:
    """How this casino behaves. ``callback_token`` and ``signing_secret`` come from `agent add`.

    ``duplicates``: what a repeated transaction is answered, 41 or 0. ``numeric_text``: `result` and
    `balance` are sent as text, as some backends in the field do. ``hub`` None: nothing can be
    played from the lobby.
    """

    database: Path | str
    callback_token: str
    signing_secret: str | None = None
    revision: Revision = Revision.GUID
    currency: str = "EUR"
    exponent: int = 2
    duplicates: ResultCode = ResultCode.DUPLICATE
    numeric_text: bool = False
    hub: HubPlace | None = None


class ToyCasino:
    """The casino: ledger, fault plan, log of callbacks, and the application over them."""

    def __init__(self, settings: CasinoSettings, clock: Clock) -> None:
        self._exponent = settings.exponent
        self.ledger = SqliteLedger(settings.database, settings.duplicates)
        control = CasinoControl()
        self.faults = control.faults
        self.log = control.log
        door = CallbackDoor(
            by_dispatcher(_dispatcher(settings, self.ledger, clock)),
            plan=self.faults,
            log=self.log,
            clock=clock,
            numeric_text=settings.numeric_text,
        )
        terms = LobbyTerms(currency=settings.currency, exponent=settings.exponent, hub=settings.hub)
        self.app = Starlette(
            routes=[
                Route("/callback", door),
                *Lobby(self.ledger, terms).routes(),
                *control.routes(),
                Route("/control/players", self._change_player, methods=["POST"]),
                Route("/control/ledger", self._show_ledger),
                Route("/health", _healthy),
            ],
            lifespan=self._lifespan,
            exception_handlers={BadOrder: bad_order},
        )

    def close(self) -> None:
        """Close the ledger's file; may be called again."""
        self.ledger.close()

    def _lifespan(self, _app: Starlette) -> AbstractAsyncContextManager[None]:
        @asynccontextmanager
        async def life() -> AsyncIterator[None]:
            yield
            self.close()

        return life()

    async def _change_player(self, request: Request) -> JSONResponse:
        fields = await fields_of(request)
        account, deposit = fields.get("account"), fields.get("deposit", "0")
        if not isinstance(account, str) or not account or not isinstance(deposit, str):
            raise BadOrder("account and deposit must be text")
        try:
            deposit_minor = parse_amount(deposit, self._exponent)
        except AmountError as error:
            raise BadOrder(f"deposit: {error}") from error
        player = self.ledger.deposit(account, deposit_minor)
        active = fields.get("active")
        if isinstance(active, bool):
            player = self.ledger.set_active(account, active=active)
        return JSONResponse(
            {
                "account": account,
                "balance": self._text(player.balance_minor),
                "active": player.active,
            }
        )

    async def _show_ledger(self, _request: Request) -> JSONResponse:
        entries = self.ledger.entries()
        deposited_minor = Counter[str]()
        for entry in entries:
            if entry.kind is EntryKind.DEPOSIT:
                deposited_minor[entry.account] += entry.amount_minor
        players = [
            {
                "account": player.name,
                "balance_minor": player.balance_minor,
                "deposited_minor": deposited_minor[player.name],
                "balance": self._text(player.balance_minor),
                "active": player.active,
            }
            for player in self.ledger.accounts()
        ]
        rows = [
            {
                "id": entry.id,
                "account": entry.account,
                "kind": entry.kind.value,
                "round_id": entry.round_id,
                "amount_minor": entry.amount_minor,
                "state": entry.state.value,
                "original_id": entry.original_id,
            }
            for entry in entries
            if entry.kind is not EntryKind.DEPOSIT
        ]
        return JSONResponse({"exponent": self._exponent, "players": players, "rows": rows})

    def _text(self, amount_minor: int) -> str:
        return format_amount(amount_minor, self._exponent)


def _dispatcher(settings: CasinoSettings, ledger: Ledger, clock: Clock) -> Dispatcher:
    signatures = settings.signing_secret and SignatureCheck(
        secrets=[settings.signing_secret], now_seconds=lambda: clock.now_ms() / 1000
    )
    return Dispatcher(
        ledger,
        callback_tokens=[settings.callback_token],
        revision=settings.revision,
        currency_exponent=settings.exponent,
        signatures=signatures or None,
    )


async def _healthy(_request: Request) -> JSONResponse:
    return JSONResponse({"ready": True})


def read_settings(arguments: Sequence[str]) -> tuple[CasinoSettings, int]:
    """Read the command line: the settings and the port."""
    parser = argparse.ArgumentParser(prog="toy_casino", description=__doc__)
    parser.add_argument("--agent", type=Path, required=True, help="what `agent add --json` printed")
    parser.add_argument("--database", type=Path, required=True, help="the ledger's SQLite file")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--revision", type=Revision, choices=list(Revision), default=Revision.GUID)
    parser.add_argument("--hub", help="the hub's address, for the lobby: http://127.0.0.1:8700")
    parser.add_argument("--currency", default="EUR")
    parser.add_argument("--duplicates", type=int, choices=(41, 0), default=41)
    parser.add_argument("--numeric-text", action="store_true")
    given = parser.parse_args(arguments)
    agent = json.loads(given.agent.read_text())
    money = currency(given.currency)
    settings = CasinoSettings(
        database=given.database,
        callback_token=agent["callback_token"],
        signing_secret=agent.get("signing_secret"),
        revision=given.revision,
        currency=money.code,
        exponent=money.exponent,
        duplicates=ResultCode(given.duplicates),
        numeric_text=given.numeric_text,
        hub=HubPlace(url=given.hub, api_token=agent["api_token"]) if given.hub else None,
    )
    return settings, given.port


def main(arguments: Sequence[str]) -> None:
    """Run the casino until it is told to stop."""
    settings, port = read_settings(arguments)
    serve(ToyCasino(settings, SystemClock()).app, "127.0.0.1", port)


if __name__ == "__main__":
    main(sys.argv[1:])
