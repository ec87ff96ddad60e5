"""The examples as programs: connections, settings, their books after kill -9 and on a bad disk."""

from __future__ import annotations

import itertools
import json
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.replies import HttpReply, Question, read_reply
from meganodes.protocol.reply_records import Permissions
from tests.support.fake_backend import TOKEN, Play, callback
from tests.support.wallets import (
    EXAMPLES,
    Reply,
    Wallet,
    WalletOptions,
    Wallets,
    ask_over,
    end_group,
    free_port,
    signed,
)

KILLS = 3
PLAYERS = 4
DEPOSIT_MINOR = 100_000
STAKE_MINOR = 150
_NUMBERS = itertools.count(1_000)


def a_play(account: str) -> Play:
    return Play(number=next(_NUMBERS), account=account, amount_minor=STAKE_MINOR)


# --- HTTP, permissions, control ------------------------------------------------------------------


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_another_method_is_405(wallets: Wallets, example: str, method: str) -> None:
    wallet = wallets.get(kind=example)
    reply = wallet.ask_http(method, "/callback", headers={"Callback-Token": TOKEN})
    assert (reply.status, reply.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize("keeping", ["python", "node"])
def test_a_connection_is_kept_for_the_next_callback(wallets: Wallets, keeping: str) -> None:
    """The server of php -S closes each; php-fpm leaves connections to the web server."""
    wallet = wallets.get(kind=keeping)
    wallet.open("keeper")
    line = wallet.connect()
    sockets = set()
    for balance in ("98.50", "97.00"):
        body = callback(Command.BET, a_play("keeper"))
        reply = ask_over(line, "POST", "/callback", body, signed(body))
        assert reply.json()["data"] == {"balance": balance}
        assert "content-encoding" not in reply.headers
        sockets.add(line.sock)
    line.close()
    assert len(sockets) == 1


@pytest.mark.parametrize("example", EXAMPLES)
def test_permissions_are_told_as_the_hub_reads_them(wallets: Wallets, example: str) -> None:
    wallet = wallets.get(kind=example)
    permissions = {
        "play": False,
        "max_bet": "12.50",
        "session_minutes": 90,
        "reality_check_minutes": 30,
    }
    wallet.open("limited", permissions=permissions, language="de", country="AT")
    body = callback(Command.AUTHENTICATE, Play(account="limited"))
    answered = wallet.ask_http("POST", "/callback", body, signed(body))
    question = Question(
        command=Command.AUTHENTICATE, revision=Revision.GUID, account="limited", exponent=2
    )
    headers = ((b"content-type", b"application/json"),)
    reply = read_reply(question, HttpReply(status=200, headers=headers, body=answered.body))
    assert (reply.malformed, reply.notes) == (None, ())
    assert (reply.language, reply.country) == ("de", "AT")
    assert reply.permissions == Permissions(
        play=False, max_bet_minor=1_250, session_minutes=90, reality_check_minutes=30
    )


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_books_are_shown_only_where_that_is_on_and_nobody_forwards(
    wallets: Wallets, example: str
) -> None:
    wallet = wallets.get(kind=example)
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    assert wallet.ask_http("GET", "/control/ledger", headers=forwarded).status == 404
    closed = wallets.get(kind=example, environment={"WALLET_CONTROL": "off"})
    assert closed.ask_http("GET", "/control/ledger").status == 404
    order = json.dumps({"account": "ada", "deposit": "1.00"}).encode()
    assert closed.ask_http("POST", "/control/players", order).status == 404


@pytest.mark.parametrize(
    "order",
    [{}, {"account": "ada", "deposit": 5}, {"account": "ada", "deposit": "1.555"}, {"account": ""}],
)
def test_a_wrong_order_changes_nothing(wallet: Wallet, order: dict[str, object]) -> None:
    before = wallet.ledger()["players"]
    reply = wallet.ask_http("POST", "/control/players", json.dumps(order).encode())
    assert (reply.status, bool(reply.json()["error"])) == (400, True)
    assert wallet.ledger()["players"] == before


# --- settings ------------------------------------------------------------------------------------

WRONG = {
    "WALLET_CALLBACK_TOKEN": "",
    "WALLET_SIGNING_SECRET": "whsec_short",
    "WALLET_REVISION": "both",
    "WALLET_DECIMALS": "9",
    "WALLET_DUPLICATES": "42",
}


@pytest.mark.parametrize("name", WRONG)
def test_node_does_not_start_with_a_wrong_setting(tmp_path: Path, name: str) -> None:
    wallet = Wallet(WalletOptions(kind="node", environment={name: WRONG[name]}), tmp_path)
    process = wallet.spawn(wallet.port)
    assert process.wait(60) == 2
    assert name in wallet.log()
    assert not wallet.books.exists()


@pytest.mark.parametrize("name", [*WRONG, "WALLET_FOLDER"])
def test_php_books_nothing_with_a_wrong_setting(tmp_path: Path, name: str) -> None:
    settings = {name: WRONG.get(name, "")}
    wallet = Wallet(WalletOptions(kind="php", environment=settings), tmp_path)
    process = wallet.spawn(wallet.port)
    body = callback(Command.BALANCE)
    try:
        reply = answered_at_last(wallet, body)
    finally:
        end_group(process)
    assert (reply.status, reply.json()["result"]) == (500, 99)
    assert name in wallet.log()
    assert not wallet.books.exists()


def answered_at_last(wallet: Wallet, body: bytes) -> Reply:
    end = time.monotonic() + 60
    while True:
        try:
            return wallet.ask_http("POST", "/callback", body, signed(body))
        except OSError:
            assert time.monotonic() < end, wallet.log()
            time.sleep(0.05)


# --- kill -9 -------------------------------------------------------------------------------------


@dataclass
class Evening:
    """What players have asked of a wallet, and what they were told."""

    told: dict[str, dict[str, object]] = field(default_factory=dict)
    unknown: list[Play] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def play(self, wallet: Wallet, account: str) -> None:
        """Bet and win until the wallet is gone."""
        while not self.stopped.is_set():
            for command in (Command.BET, Command.WIN):
                play = a_play(account)
                try:
                    self.told[play.guid] = wallet.ask(command, play)
                except OSError:
                    self.unknown.append(play)
                    return


def test_kill_9_in_the_middle_of_traffic_loses_and_doubles_nothing(
    wallets: Wallets, kind: str
) -> None:
    wallet = wallets.started(WalletOptions(kind=kind))
    accounts = [f"ada_{index}" for index in range(PLAYERS)]
    for account in accounts:
        wallet.open(account, "1000.00")
    evening = Evening()
    for _ in range(KILLS):
        play_until_killed(wallet, evening, accounts)
        wallet.start()
        assert_books_hold(wallet, evening)
    for play in evening.unknown:
        assert wallet.ask(Command.CANCEL, play)["result"] in {0, 43}
    assert_books_hold(wallet, evening)
    for play in evening.unknown:
        assert wallet.ask(Command.CANCEL, play)["result"] in {41, 43}


def play_until_killed(wallet: Wallet, evening: Evening, accounts: list[str]) -> None:
    wanted = len(evening.told) + 40
    players = [
        threading.Thread(target=evening.play, args=(wallet, account)) for account in accounts
    ]
    for player in players:
        player.start()
    end = time.monotonic() + 60
    while len(evening.told) < wanted and time.monotonic() < end:
        time.sleep(0.001)
    wallet.kill()
    for player in players:
        player.join()
    assert len(evening.told) >= wanted, wallet.log()


def assert_books_hold(wallet: Wallet, evening: Evening) -> None:
    """Every movement that was told is there once, and every balance is the sum of its rows."""
    ledger = wallet.ledger()
    times = Counter(row["id"] for row in ledger["rows"])
    assert set(times.values()) == {1}
    assert {reply["result"] for reply in evening.told.values()} == {0}
    assert not evening.told.keys() - times.keys()
    sums = Counter({player["account"]: DEPOSIT_MINOR for player in ledger["players"]})
    for row in ledger["rows"]:
        sign = {("bet", "booked"): -1, ("win", "booked"): 1}.get((row["kind"], row["state"]), 0)
        sums[row["account"]] += sign * row["amount_minor"]
    assert {one["account"]: one["balance_minor"] for one in ledger["players"]} == dict(sums)


def test_node_passes_over_a_torn_last_line(wallets: Wallets) -> None:
    wallet = wallets.started(WalletOptions(kind="node"))
    wallet.open("ada")
    wallet.ask(Command.BET, a_play("ada"))
    wallet.kill()
    journal = wallet.books / "journal.jsonl"
    torn = '{"number":3,"what":"entry","id":"torn","account":"ada","roundId":"ä'.encode()[:-1]
    journal.write_bytes(journal.read_bytes() + torn)
    for _ in range(2):
        wallet.start()
        assert wallet.ask(Command.BET, a_play("ada"))["result"] == 0
        wallet.kill()
    wallet.start()
    assert wallet.rows("ada") == [("bet", STAKE_MINOR, "booked")] * 3


def test_node_does_not_start_over_a_journal_that_lacks_a_change(wallets: Wallets) -> None:
    wallet = wallets.started(WalletOptions(kind="node"))
    wallet.open("ada")
    wallet.ask(Command.BET, a_play("ada"))
    wallet.kill()
    journal = wallet.books / "journal.jsonl"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(line for line in lines if '"deposit"' not in line))
    process = wallet.spawn(free_port())
    assert process.wait(60) == 1
    assert "it is damaged" in wallet.log()


def test_node_ends_when_a_second_process_takes_its_books(wallets: Wallets) -> None:
    """Two memories over one journal would let a player spend a balance twice."""
    first = wallets.started(WalletOptions(kind="node"))
    first.open("ada")
    second = wallets.beside(first)
    with pytest.raises(OSError, match="closed"):
        first.ask(Command.BET, a_play("ada"))
    assert "another process has written" in first.log()
    assert second.ask(Command.BET, a_play("ada"))["data"] == {"balance": "98.50"}
    assert second.rows("ada") == [("bet", STAKE_MINOR, "booked")]


def test_node_on_a_taken_port_leaves_the_journal_alone(wallets: Wallets) -> None:
    wallet = wallets.started(WalletOptions(kind="node"))
    wallet.open("ada")
    process = wallet.spawn(wallet.port)
    assert process.wait(60) == 1
    assert "EADDRINUSE" in wallet.log()
    assert wallet.ask(Command.BET, a_play("ada"))["result"] == 0


def test_php_finishes_what_a_dead_worker_left(wallets: Wallets) -> None:
    """A worker that dies behind redo.json has booked; one that dies before it has not."""
    wallet = wallets.started(WalletOptions(kind="php"))
    wallet.open("ada")
    files = {path.name: path.read_bytes() for path in wallet.books.iterdir()}
    bet = a_play("ada")
    wallet.ask(Command.BET, bet)
    after = {path.name: path for path in wallet.books.iterdir()}
    changes = {
        name: json.loads(path.read_text())
        for name, path in after.items()
        if name != "lock" and path.read_bytes() != files.get(name)
    }
    assert len(changes) == 2
    for name in changes:
        after[name].unlink()
    for name, content in files.items():
        (wallet.books / name).write_bytes(content)

    (wallet.books / "redo.json.new").write_text(json.dumps(changes)[:-9])
    assert wallet.balance_minor("ada") == 10_000
    (wallet.books / "redo.json").write_text(json.dumps(changes))
    assert wallet.balance_minor("ada") == 10_000 - STAKE_MINOR
    assert wallet.ask(Command.BET, bet)["result"] == 41
    assert wallet.rows("ada") == [("bet", STAKE_MINOR, "booked")]
    assert not (wallet.books / "redo.json").exists()


def test_the_files_say_what_runtimes_they_need() -> None:
    """Both are read by their own interpreter without a warning."""
    for command in (["node", "--check"], ["php", "-l"]):
        file = {"node": "examples/node/backend.mjs", "php": "examples/php/backend.php"}[command[0]]
        path = Path(__file__).parents[2] / file
        done = subprocess.run([*command, str(path)], capture_output=True, check=False, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
