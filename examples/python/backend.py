"""A casino backend on the SDK in one file, with SQLite as its database.

The SDK reads and judges requests, keeps amounts exact, and writes replies. What is left to a casino
is the wallet below: in ONE transaction of its database it reads the facts, lets `first_refusal`
judge them, and books. `app` and `application` are its ASGI and WSGI faces; run as a program it
serves the second with Python's own server.
"""

from __future__ import annotations

import json
import os
import socketserver
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from meganodes.protocol.money import AmountError, format_amount, parse_amount
from meganodes.sdk import (
    Accepted,
    Authenticate,
    Balance,
    Bet,
    Cancel,
    Dispatcher,
    Facts,
    Found,
    Movement,
    Refused,
    Request,
    ResultCode,
    Revision,
    SignatureCheck,
    Status,
    TransStatus,
    Win,
    first_refusal,
)
from meganodes.sdk.asgi import asgi_app
from meganodes.sdk.wsgi import wsgi_app

_Environ = dict[str, Any]
_StartResponse = Callable[[str, list[tuple[str, str]]], object]

# The id is the primary key: over all accounts and over bets, wins and cancels it is booked once.
# The last check keeps balances in the range that a reply can tell.
SCHEMA = """
CREATE TABLE IF NOT EXISTS players (
    account TEXT PRIMARY KEY,
    balance INTEGER NOT NULL,
    deposited INTEGER NOT NULL,
    active INTEGER NOT NULL DEFAULT 1,
    CHECK (balance <= 9007199254740991)
) STRICT;
CREATE TABLE IF NOT EXISTS entries (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    round_id TEXT NOT NULL,
    amount INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('booked', 'cancelled', 'refused', 'tombstone')),
    result INTEGER NOT NULL DEFAULT 0,
    original_id TEXT
) STRICT;
"""


class Wallet:
    """The six commands. Whatever a method raises becomes 99, and its transaction is rolled back."""

    def __init__(self, file: Path, duplicates: ResultCode) -> None:
        self._file = file
        self._duplicates = duplicates
        with closing(sqlite3.connect(file)) as books:
            books.executescript(SCHEMA)

    def authenticate(self, request: Authenticate) -> Accepted | Refused:
        return self.balance(request)

    def balance(self, request: Authenticate | Balance) -> Accepted | Refused:
        with self.transaction() as books:
            return first_refusal(request, facts(books, request)) or accepted(books, request)

    def bet(self, request: Bet) -> Accepted | Refused:
        with self.transaction() as books:
            own = entry(books, request.transaction_id)
            if own and own["state"] == "refused" and own["account"] == request.account:
                # Refused once is refused for ever: the hub was told "no" and has told the game.
                result = ResultCode(own["result"])
                return Refused(result=result, balance_minor=facts(books, request).balance_minor)
            refused = first_refusal(request, facts(books, request, own))
            if refused is None:
                return book(books, request, "bet")
            if own:
                return self._repeated(books, request, own, refused)
            keep(books, request, "bet", "refused", int(refused.result))
            return refused

    def win(self, request: Win) -> Accepted | Refused:
        with self.transaction() as books:
            own = entry(books, request.transaction_id)
            refused = first_refusal(request, facts(books, request, own))
            if refused is None:
                return book(books, request, "win")
            # A refused win stays owed and the hub comes again, so its id is not spent.
            return self._repeated(books, request, own, refused) if own else refused

    def cancel(self, request: Cancel) -> Accepted | Refused:
        with self.transaction() as books:
            own, original = entry(books, request.transaction_id), entry(books, request.original_id)
            is_there = has_moved(original, request) and original["kind"] != "cancel"
            refused = first_refusal(request, facts(books, request, own, is_there=is_there))
            if refused is None:
                return self._undo(books, request, original)
            if original is None and refused.result in {42, 43}:
                # A tombstone: the bet may still be on its way. It will find its id taken.
                bury(books, request)
            is_copy = own and own["original_id"] == request.original_id
            return self._told(books, request, refused) if is_copy else refused

    def status(self, request: Status) -> Found | Refused:
        with self.transaction() as books:
            own = entry(books, request.transaction_id)
            known = own if has_moved(own, request) else None
            is_cancelled = known is not None and known["state"] == "cancelled"
            trans_status = TransStatus.CANCELED if is_cancelled else TransStatus.OK
            refused = first_refusal(request, facts(books, request, known))
            return refused or Found(trans_status=trans_status)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Give the books to one request at a time; durable when the block has ended.

        IMMEDIATE locks before the first read. On PostgreSQL or MySQL: lock the account's row.
        """
        books = sqlite3.connect(self._file, isolation_level=None, timeout=30)
        books.row_factory = sqlite3.Row
        try:
            books.execute("PRAGMA synchronous = FULL")
            books.execute("BEGIN IMMEDIATE")
            yield books
            books.execute("COMMIT")
        finally:
            books.close()  # what was not committed is rolled back

    def _undo(
        self, books: sqlite3.Connection, request: Cancel, original: sqlite3.Row
    ) -> Accepted | Refused:
        """Undo by the amount that was stored; undone before is no reason to pay twice."""
        if original["state"] == "cancelled":
            balance_minor = accepted(books, request).balance_minor
            told = Refused(result=ResultCode.DUPLICATE, balance_minor=balance_minor)
            return self._told(books, request, told)
        amount = original["amount"] if original["kind"] == "bet" else -original["amount"]
        move = "UPDATE players SET balance = balance + ? WHERE account = ?"
        books.execute(move, (amount, request.account))
        books.execute("UPDATE entries SET state = 'cancelled' WHERE id = ?", (original["id"],))
        books.execute(
            "INSERT INTO entries VALUES (?, ?, 'cancel', ?, ?, 'booked', 0, ?)",
            (
                *(request.transaction_id, request.account, original["round_id"]),
                *(original["amount"], original["id"]),
            ),
        )
        return accepted(books, request)

    def _repeated(
        self, books: sqlite3.Connection, request: Movement, own: sqlite3.Row, refused: Refused
    ) -> Accepted | Refused:
        kind = "bet" if isinstance(request, Bet) else "win"
        copy = ("booked", request.account, kind, request.amount_minor)
        is_copy = (own["state"], own["account"], own["kind"], own["amount"]) == copy
        return self._told(books, request, refused) if is_copy else refused

    def _told(
        self, books: sqlite3.Connection, request: Request, refused: Refused
    ) -> Accepted | Refused:
        """Answer a true copy with 41, or with 0 where the option says so or 41 was not asked."""
        if refused.result is not ResultCode.DUPLICATE:
            return refused
        says_ok = self._duplicates is ResultCode.OK or ResultCode.DUPLICATE not in request.checks
        return accepted(books, request) if says_ok else refused


def facts(
    books: sqlite3.Connection,
    request: Request,
    own: sqlite3.Row | None = None,
    *,
    is_there: bool = False,
) -> Facts:
    query = "SELECT balance, active FROM players WHERE account = ?"
    player = books.execute(query, (request.account,)).fetchone()
    return Facts(
        account_known=player is not None,
        active=player is not None and bool(player["active"]),
        balance_minor=player and player["balance"],
        transaction_known=own is not None,
        original_known=is_there,
    )


def accepted(books: sqlite3.Connection, request: Request) -> Accepted:
    query = "SELECT balance FROM players WHERE account = ?"
    return Accepted(balance_minor=books.execute(query, (request.account,)).fetchone()["balance"])


def entry(books: sqlite3.Connection, transaction_id: str) -> Any:  # noqa: ANN401 - a row, or None
    return books.execute("SELECT * FROM entries WHERE id = ?", (transaction_id,)).fetchone()


def has_moved(row: Any, request: Request) -> bool:  # noqa: ANN401 - a row, or None
    """Say whether an id ever moved this account's money; refused ids and tombstones did not."""
    return bool(row) and row["account"] == request.account and row["state"] in MOVED


MOVED = ("booked", "cancelled")


def book(books: sqlite3.Connection, request: Movement, kind: str) -> Accepted:
    amount = request.amount_minor if kind == "win" else -request.amount_minor
    # The guard repeats the check: whatever the hub asked to be checked, no bet overspends.
    move = "UPDATE players SET balance = balance + ?1 WHERE account = ?2"
    guard = " AND (?1 >= 0 OR balance + ?1 >= 0)"
    if books.execute(move + guard, (amount, request.account)).rowcount != 1:
        raise RuntimeError(f"the balance of {request.account} cannot take this")
    keep(books, request, kind, "booked", 0)
    return accepted(books, request)


def keep(books: sqlite3.Connection, request: Movement, kind: str, state: str, result: int) -> None:
    books.execute(
        "INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, NULL)",
        (
            *(request.transaction_id, request.account, kind, request.round_id),
            *(request.amount_minor, state, result),
        ),
    )


def bury(books: sqlite3.Connection, request: Cancel) -> None:
    books.execute(
        "INSERT INTO entries VALUES (?, ?, 'bet', ?, 0, 'tombstone', 0, NULL)",
        (request.original_id, request.account, request.round_id),
    )


class Control:
    """For a person with curl and for the tour: the books, and a way to open accounts."""

    def __init__(self, wallet: Wallet, decimals: int) -> None:
        self._wallet = wallet
        self._decimals = decimals

    def answer(self, environ: _Environ) -> tuple[str, object]:
        """Return the HTTP status and what is shown."""
        asked = (environ["REQUEST_METHOD"], environ["PATH_INFO"])
        try:
            if asked == ("GET", "/control/ledger"):
                return "200 OK", self._ledger()
            if asked == ("POST", "/control/players"):
                body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
                return "200 OK", self._change_player(json.loads(body))
        except (ValueError, KeyError, TypeError, AmountError) as wrong:
            return "400 Bad Request", {"error": str(wrong) or "not understood"}
        return "404 Not Found", {"error": "there is nothing here"}

    def _ledger(self) -> object:
        with self._wallet.transaction() as books:
            players = books.execute("SELECT * FROM players ORDER BY account").fetchall()
            entries = books.execute("SELECT * FROM entries ORDER BY rowid").fetchall()
        rows = [
            {name: row[name] for name in ("id", "account", "kind", "round_id", "state")}
            | {"amount_minor": row["amount"], "original_id": row["original_id"]}
            for row in entries
        ]
        shown = [self._shown(row) for row in players]
        return {"exponent": self._decimals, "players": shown, "rows": rows}

    def _change_player(self, fields: dict[str, Any]) -> object:
        account, deposit = fields["account"], fields.get("deposit", "0")
        if not isinstance(account, str) or not account or not isinstance(deposit, str):
            raise ValueError("account and deposit must be text")
        amount = parse_amount(deposit, self._decimals)
        with self._wallet.transaction() as books:
            books.execute(
                "INSERT INTO players (account, balance, deposited) VALUES (?1, ?2, ?2) ON CONFLICT "
                "DO UPDATE SET balance = balance + ?2, deposited = deposited + ?2",
                (account, amount),
            )
            if isinstance(fields.get("active"), bool):
                change = "UPDATE players SET active = ? WHERE account = ?"
                books.execute(change, (fields["active"], account))
            query = "SELECT * FROM players WHERE account = ?"
            return self._shown(books.execute(query, (account,)).fetchone())

    def _shown(self, player: sqlite3.Row) -> dict[str, object]:
        return {
            "account": player["account"],
            "balance_minor": player["balance"],
            "deposited_minor": player["deposited"],
            "balance": format_amount(player["balance"], self._decimals),
            "active": bool(player["active"]),
        }


def listed(name: str) -> list[str]:
    """Read a setting of one or two values: two while one is exchanged for the other."""
    return [part.strip() for part in os.environ.get(name, "").split(",") if part.strip()]


def is_from_here(environ: _Environ) -> bool:
    """Behind a proxy on this machine everybody comes from here: forwarded ones do not count."""
    is_forwarded = "HTTP_X_FORWARDED_FOR" in environ or "HTTP_FORWARDED" in environ
    return not is_forwarded and environ.get("REMOTE_ADDR") in {"127.0.0.1", "::1"}


folder = Path(os.environ.get("WALLET_FOLDER") or "wallet-data")
folder.mkdir(parents=True, exist_ok=True)
decimals = int(os.environ.get("WALLET_DECIMALS") or 2)
secrets = listed("WALLET_SIGNING_SECRET")
wallet = Wallet(folder / "wallet.db", ResultCode(int(os.environ.get("WALLET_DUPLICATES") or 41)))
dispatcher = Dispatcher(
    wallet,
    callback_tokens=listed("WALLET_CALLBACK_TOKEN"),
    revision=Revision(os.environ.get("WALLET_REVISION") or "guid"),
    currency_exponent=decimals,
    signatures=SignatureCheck(secrets=secrets, now_seconds=time.time) if secrets else None,
)
app = asgi_app(dispatcher)  # uvicorn backend:app
callbacks = wsgi_app(dispatcher)
control = Control(wallet, decimals)


def application(environ: _Environ, start_response: _StartResponse) -> Iterable[bytes]:
    """Answer a request: `gunicorn backend`, or this file as a program."""
    path = environ["PATH_INFO"]
    if path == "/callback":
        return callbacks(environ, start_response)
    status: str = "404 Not Found"
    shown: object = {"error": "there is nothing here"}
    if path == "/health":
        status, shown = "200 OK", {"ready": True}
    elif os.environ.get("WALLET_CONTROL") == "on" and is_from_here(environ):
        status, shown = control.answer(environ)
    body = json.dumps(shown).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    start_response(status, headers)
    return [body]


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing of every request."""


if __name__ == "__main__":
    port = int(os.environ.get("WALLET_PORT") or 8703)
    with make_server("127.0.0.1", port, application, _Server, _Quiet) as server:
        server.serve_forever()
