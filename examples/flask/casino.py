"""A casino backend on Flask: the SDK's ledger behind the SDK's dispatcher, at /callback."""

from __future__ import annotations

import os

from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from meganodes.sdk import Dispatcher, Revision
from meganodes.sdk.ledger import SqliteLedger
from meganodes.sdk.wsgi import wsgi_app

ledger = SqliteLedger(os.environ.get("WALLET_FILE", "casino.db"))
ledger.deposit("ada", 100_000, "play money of ada")  # once, however often this program starts

dispatcher = Dispatcher(
    ledger,
    callback_tokens=[os.environ["WALLET_CALLBACK_TOKEN"]],
    revision=Revision(os.environ.get("WALLET_REVISION", "guid")),
    currency_exponent=2,
)

app = Flask(__name__)
app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/callback": wsgi_app(dispatcher)})  # type: ignore[method-assign]


@app.get("/balances")
def balances() -> dict[str, int]:
    return {account.name: account.balance_minor for account in ledger.accounts()}
