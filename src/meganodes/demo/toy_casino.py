"""A casino backend as small as one can be: the SDK's dispatcher, a ledger, and planned faults.

`/callback` is the callback URL. `/control` is for the tour, for tests and for a person with curl.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from meganodes.demo.callback_door import CallbackDoor
from meganodes.demo.callback_log import CallbackLog, Received, masked
from meganodes.demo.faults import BadPlan, FaultPlan, read_fault
from meganodes.demo.ledger import Ledger
from meganodes.demo.serving import serve
from meganodes.kit.clock import Clock, SystemClock
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Revision
from meganodes.protocol.currency import currency
from meganodes.protocol.money import AmountError, format_amount, parse_amount
from meganodes.sdk import Dispatcher, SignatureCheck

DEFAULT_PORT = 8701


@dataclass(frozen=True, slots=True, kw_only=True)
class CasinoSettings:
    """How this casino behaves. ``callback_token`` and ``signing_secret`` come from `agent add`.

    ``duplicates``: what a repeated transaction is answered, 41 or 0. ``numeric_text``: `result` and
    `balance` are sent as text, as some backends in the field do.
    """

    database: Path | str
    callback_token: str
    signing_secret: str | None = None
    revision: Revision = Revision.GUID
    exponent: int = 2
    duplicates: ResultCode = ResultCode.DUPLICATE
    numeric_text: bool = False


class ToyCasino:
    """The casino: ledger, fault plan, log of callbacks, and the application over them."""

    def __init__(self, settings: CasinoSettings, clock: Clock) -> None:
        self._exponent = settings.exponent
        self.ledger = Ledger(settings.database, settings.duplicates)
        self.faults = FaultPlan()
        self.log = CallbackLog()
        door = CallbackDoor(
            _dispatcher(settings, self.ledger, clock),
            plan=self.faults,
            log=self.log,
            clock=clock,
            numeric_text=settings.numeric_text,
        )
        self.app = Starlette(
            routes=[
                Route("/callback", door),
                Route("/control", self._plan_faults, methods=["POST"]),
                Route("/control/players", self._change_player, methods=["POST"]),
                Route("/control/ledger", self._show_ledger),
                Route("/control/requests", self._show_requests),
                Route("/control/arrivals", self._show_arrivals),
                Route("/health", _healthy),
            ],
            lifespan=self._lifespan,
            exception_handlers={BadPlan: _bad_plan},
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

    async def _plan_faults(self, request: Request) -> JSONResponse:
        fields = await _fields(request)
        planned = fields.get("next", [])
        if not isinstance(planned, list):
            raise BadPlan("next must be a list of faults")
        faults = [read_fault(fault) for fault in planned]
        if fields.get("clear"):
            self.faults.clear()
        for fault in faults:
            self.faults.add(fault)
        return JSONResponse({"pending": [fault.kind for fault in self.faults.pending()]})

    async def _change_player(self, request: Request) -> JSONResponse:
        fields = await _fields(request)
        account, deposit = fields.get("account"), fields.get("deposit", "0")
        if not isinstance(account, str) or not account or not isinstance(deposit, str):
            raise BadPlan("account and deposit must be text")
        try:
            deposit_minor = parse_amount(deposit, self._exponent)
        except AmountError as error:
            raise BadPlan(f"deposit: {error}") from error
        player = self.ledger.deposit(account, deposit_minor)
        if isinstance(fields.get("active"), bool):
            player = self.ledger.set_active(account, active=fields["active"])
        return JSONResponse(
            {
                "account": account,
                "balance": self._text(player.balance_minor),
                "active": player.active,
            }
        )

    async def _show_ledger(self, _request: Request) -> JSONResponse:
        players = [
            {
                "account": player.account,
                "balance_minor": player.balance_minor,
                "deposited_minor": player.deposited_minor,
                "balance": self._text(player.balance_minor),
                "active": player.active,
            }
            for player in self.ledger.players()
        ]
        rows = [
            {
                "id": entry.id,
                "account": entry.account,
                "kind": entry.kind,
                "round_id": entry.round_id,
                "amount_minor": entry.amount_minor,
                "state": entry.state.value,
                "original_id": entry.original_id,
            }
            for entry in self.ledger.entries()
        ]
        return JSONResponse({"exponent": self._exponent, "players": players, "rows": rows})

    async def _show_requests(self, request: Request) -> JSONResponse:
        after = request.query_params.get("after", "0")
        if not (after.isascii() and after.isdecimal()):
            raise BadPlan("after must be a number")
        newest = self.log.newest(request.query_params.get("command"), int(after))
        return JSONResponse(
            {"count": self.log.count, "requests": [_shown(received) for received in newest]}
        )

    async def _show_arrivals(self, request: Request) -> JSONResponse:
        return JSONResponse(self.log.arrivals(request.query_params.get("command", "bet")))

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


async def _fields(request: Request) -> dict[str, Any]:
    try:
        fields = json.loads(await request.body())
    except ValueError as error:
        raise BadPlan("the body is no JSON") from error
    if not isinstance(fields, dict):
        raise BadPlan("the body must be a JSON object")
    return fields


async def _bad_plan(_request: Request, fault: Exception) -> JSONResponse:
    return JSONResponse({"error": str(fault)}, status_code=400)


async def _healthy(_request: Request) -> JSONResponse:
    return JSONResponse({"ready": True})


def _shown(received: Received) -> dict[str, object]:
    return {
        "number": received.number,
        "at_ms": received.at_ms,
        "duration_ms": received.duration_ms,
        "command": received.subject.command,
        "account": received.subject.account,
        "transaction_id": received.subject.transaction_id,
        "request": masked(received.request),
        "status": received.status,
        "reply": received.reply.decode("utf-8", "replace"),
        "fault": received.fault,
    }


def read_settings(arguments: Sequence[str]) -> tuple[CasinoSettings, int]:
    """Read the command line: the settings and the port."""
    parser = argparse.ArgumentParser(prog="toy_casino", description=__doc__)
    parser.add_argument("--agent", type=Path, required=True, help="what `agent add --json` printed")
    parser.add_argument("--database", type=Path, required=True, help="the ledger's SQLite file")
    parser.add_argument("--port", type=int, default=DEFAULT_PORT)
    parser.add_argument("--revision", type=Revision, choices=list(Revision), default=Revision.GUID)
    parser.add_argument("--currency", default="EUR")
    parser.add_argument("--duplicates", type=int, choices=(41, 0), default=41)
    parser.add_argument("--numeric-text", action="store_true")
    given = parser.parse_args(arguments)
    agent = json.loads(given.agent.read_text())
    settings = CasinoSettings(
        database=given.database,
        callback_token=agent["callback_token"],
        signing_secret=agent.get("signing_secret"),
        revision=given.revision,
        exponent=currency(given.currency).exponent,
        duplicates=ResultCode(given.duplicates),
        numeric_text=given.numeric_text,
    )
    return settings, given.port


def main(arguments: Sequence[str]) -> None:
    """Run the casino until it is told to stop."""
    settings, port = read_settings(arguments)
    serve(ToyCasino(settings, SystemClock()).app, "127.0.0.1", port)


if __name__ == "__main__":
    main(sys.argv[1:])
