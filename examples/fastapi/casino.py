"""A casino backend on FastAPI: the SDK's ledger behind the SDK's dispatcher, at /callback."""

from __future__ import annotations

import os

from fastapi import FastAPI
from starlette.routing import Route

from meganodes.sdk import Dispatcher, Revision
from meganodes.sdk.asgi import asgi_app
from meganodes.sdk.ledger import SqliteLedger

ledger = SqliteLedger(os.environ.get("WALLET_FILE", "casino.db"))
ledger.deposit("ada", 100_000, "play money of ada")  # once, however often this program starts

dispatcher = Dispatcher(
    ledger,
    callback_tokens=[os.environ["WALLET_CALLBACK_TOKEN"]],
    revision=Revision(os.environ.get("WALLET_REVISION", "guid")),
    currency_exponent=2,
)

app = FastAPI()
app.router.routes.append(Route("/callback", asgi_app(dispatcher)))


@app.get("/balances")
def balances() -> dict[str, int]:
    return {account.name: account.balance_minor for account in ledger.accounts()}
