"""The toy casino over real sockets: both revisions, every fault, every control endpoint."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from meganodes.demo.http_client import NoAnswer, get_json, post_json
from meganodes.demo.serving import running
from meganodes.demo.toy_casino import CasinoSettings, ToyCasino, read_settings
from meganodes.kit.clock import SystemClock
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.replies import HttpReply, Question, read_reply
from tests.support.fake_backend import (
    NOW_SECONDS,
    SECRET,
    TOKEN,
    Play,
    callback,
    callback_headers,
)
from tests.unit.demo.raw_http import post_raw


class FixedClock(SystemClock):
    """The time the callbacks were signed at."""

    def now_ms(self) -> int:
        return NOW_SECONDS * 1000


@dataclass
class Line:
    """A running casino, and ways to speak with it."""

    url: str
    casino: ToyCasino
    revision: Revision

    async def ask(self, command: Command, play: Play | None = None) -> Any:  # noqa: ANN401
        return json.loads(await self.ask_raw(command, play), parse_float=str)

    async def ask_raw(self, command: Command, play: Play | None = None) -> bytes:
        body = callback(command, play, self.revision)
        _, reply = await post_raw(f"{self.url}/callback", callback_headers(body), body)
        return reply

    async def plan(self, **fault: object) -> None:
        await post_json(f"{self.url}/control", {"next": [fault]})

    def balance_minor(self) -> int:
        return self.casino.ledger.accounts()[0].balance_minor


@asynccontextmanager
async def open_casino(
    path: Path, revision: Revision = Revision.GUID, *, numeric_text: bool = False
) -> AsyncIterator[Line]:
    settings = CasinoSettings(
        database=path / "casino.db",
        callback_token=TOKEN,
        signing_secret=SECRET,
        revision=revision,
        numeric_text=numeric_text,
    )
    casino = ToyCasino(settings, FixedClock())
    casino.ledger.deposit("ada", 10_000)
    async with running(casino.app) as url:
        yield Line(url, casino, revision)


@pytest.fixture
async def line(tmp_path: Path) -> AsyncIterator[Line]:
    async with open_casino(tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("revision", list(Revision))
async def test_a_round_over_the_wire(tmp_path: Path, revision: Revision) -> None:
    async with open_casino(tmp_path, revision) as line:
        assert (await line.ask(Command.BET, Play(number=1)))["data"] == {"balance": "98.50"}
        assert (await line.ask(Command.WIN, Play(number=2)))["data"] == {"balance": "100.00"}
        assert (await line.ask(Command.BET, Play(number=1)))["result"] == 41
        assert (await line.ask(Command.CANCEL, Play(number=1)))["data"] == {"balance": "101.50"}
        assert (await line.ask(Command.STATUS))["data"]["trans_status"] == "CANCELED"


async def test_a_cancel_gives_back_what_was_stored(line: Line) -> None:
    await line.ask(Command.BET, Play(amount_minor=150))
    answer = await line.ask(Command.CANCEL, Play(amount_minor=9_999))
    assert answer["data"] == {"balance": "100.00"}


@pytest.mark.parametrize("revision", list(Revision))
async def test_numbers_as_text_are_read_by_the_hub(tmp_path: Path, revision: Revision) -> None:
    async with open_casino(tmp_path, revision, numeric_text=True) as line:
        body = await line.ask_raw(Command.BET)
        status = await line.ask_raw(Command.STATUS)
    assert json.loads(body) == {"result": "0", "status": "OK", "data": {"balance": "98.50"}}
    headers = ((b"content-type", b"application/json"),)
    for command, reply_body in ((Command.BET, body), (Command.STATUS, status)):
        reply = read_reply(
            Question(command=command, revision=revision, account="ada", exponent=2),
            HttpReply(status=200, headers=headers, body=reply_body),
        )
        assert (reply.malformed, reply.faults, reply.result) == (None, (), 0)


@pytest.mark.parametrize(
    ("fault", "balance_minor"),
    [
        ({"fault": "drop"}, 9_850),
        ({"fault": "drop_before"}, 10_000),
        ({"fault": "garbage"}, 9_850),
        ({"fault": "http_500"}, 9_850),
        ({"fault": "refuse"}, 10_000),
        ({"fault": "refuse", "result": 22}, 10_000),
        ({"fault": "repeat"}, 9_850),
        ({"fault": "delay", "seconds": 0.01}, 9_850),
        ({"fault": "delay_before", "seconds": 0.01}, 9_850),
    ],
)
async def test_a_fault_spoils_the_reply_and_executes_or_not(
    line: Line, fault: dict[str, object], balance_minor: int
) -> None:
    await line.plan(command="bet", **fault)
    try:
        reply = await line.ask_raw(Command.BET)
    except NoAnswer:
        reply = b"cut"
    expected = {
        "drop": b"cut",
        "drop_before": b"cut",
        "garbage": b'{"result":0,"status":"OK","data":{"bal',
        "http_500": b"<html><body><h1>Internal Server Error</h1></body></html>",
        "refuse": f'{{"result":{fault.get("result", 99)},"status":"ERROR","data":{{}}}}'.encode(),
        "repeat": b'{"result":41,"status":"ERROR","data":{"balance":98.50}}',
        "delay": b'{"result":0,"status":"OK","data":{"balance":98.50}}',
        "delay_before": b'{"result":0,"status":"OK","data":{"balance":98.50}}',
    }
    assert reply == expected[str(fault["fault"])]
    assert line.balance_minor() == balance_minor
    assert line.casino.log.newest()[-1].fault == fault["fault"]
    assert (await line.ask(Command.BALANCE))["result"] == 0


async def test_a_cancel_may_overtake_a_slow_bet(line: Line) -> None:
    await line.plan(command="bet", fault="delay_before", seconds=0.2)
    bet = asyncio.ensure_future(line.ask(Command.BET))
    while line.casino.log.count == 0:
        await SystemClock().sleep(0.01)
    assert (await line.ask(Command.CANCEL))["result"] == 43
    assert (await bet)["result"] == 41
    assert line.balance_minor() == 10_000


async def test_the_log_shows_the_callback_as_it_came(line: Line) -> None:
    await line.ask(Command.BET)
    shown: Any = await get_json(f"{line.url}/control/requests?command=bet")
    one = shown["requests"][0]
    head, body = one["request"].split("\r\n\r\n")
    assert "Callback-Token: ****\r\n" in head
    assert "\r\nMegaNodes-Attempt: 1" in head
    assert TOKEN not in json.dumps(shown)
    assert body.encode() == callback(Command.BET)
    assert (one["status"], one["reply"]) == (
        200,
        '{"result":0,"status":"OK","data":{"balance":98.50}}',
    )
    assert (one["command"], one["account"], one["transaction_id"]) == ("bet", "ada", Play().guid)
    after: Any = await get_json(f"{line.url}/control/requests?after={one['number']}")
    assert after["requests"] == []


async def test_arrivals_show_a_transaction_that_was_on_the_wire_twice(line: Line) -> None:
    await line.ask(Command.BET)
    await line.ask(Command.BET)
    assert await get_json(f"{line.url}/control/arrivals?command=bet") == {Play().guid: 2}


async def test_the_ledger_can_be_read_row_by_row(line: Line) -> None:
    await line.ask(Command.BET)
    await line.ask(Command.CANCEL)
    shown: Any = await get_json(f"{line.url}/control/ledger")
    assert shown["exponent"] == 2
    assert shown["players"] == [
        {
            "account": "ada",
            "balance_minor": 10_000,
            "deposited_minor": 10_000,
            "balance": "100.00",
            "active": True,
        }
    ]
    assert [(row["id"], row["kind"], row["state"]) for row in shown["rows"]] == [
        (Play().guid, "bet", "cancelled"),
        (Play().guid + "-c", "cancel", "booked"),
    ]


async def test_players_are_opened_paid_and_locked(line: Line) -> None:
    url = f"{line.url}/control/players"
    opened = await post_json(url, {"account": "bob", "deposit": "12.50"})
    assert opened == {"account": "bob", "balance": "12.50", "active": True}
    locked = await post_json(url, {"account": "bob", "active": False})
    assert locked == {"account": "bob", "balance": "12.50", "active": False}
    assert (await line.ask(Command.BALANCE, Play(account="bob")))["result"] == 22


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/control", []),
        ("/control", {"next": {}}),
        ("/control", {"next": [{"fault": "explode"}]}),
        ("/control/players", {}),
        ("/control/players", {"account": "ada", "deposit": 5}),
        ("/control/players", {"account": "ada", "deposit": "1.555"}),
    ],
)
async def test_a_wrong_order_is_answered_with_a_sentence(
    line: Line, path: str, fields: object
) -> None:
    answer: Any = await post_json(f"{line.url}{path}", fields)
    assert answer["error"]


async def test_a_plan_with_one_bad_fault_plans_nothing(line: Line) -> None:
    await post_json(f"{line.url}/control", {"next": [{"fault": "drop"}, {"fault": "explode"}]})
    assert line.casino.faults.pending() == ()


async def test_faults_can_be_cleared(line: Line) -> None:
    await line.plan(fault="drop", times=9)
    assert await post_json(f"{line.url}/control", {"clear": True}) == {"pending": []}
    assert (await line.ask(Command.BALANCE))["result"] == 0


async def test_health_says_it_is_there(line: Line) -> None:
    assert await get_json(f"{line.url}/health") == {"ready": True}


def test_the_command_line_is_read(tmp_path: Path) -> None:
    agent = tmp_path / "agent.json"
    agent.write_text(json.dumps({"callback_token": TOKEN, "signing_secret": SECRET}))
    given = ["--agent", str(agent), "--database", "x.db", "--port", "9", "--revision", "id"]
    settings, port = read_settings([*given, "--currency", "JPY", "--duplicates", "0"])
    assert port == 9
    assert settings == CasinoSettings(
        database=Path("x.db"),
        callback_token=TOKEN,
        signing_secret=SECRET,
        revision=Revision.ID,
        currency="JPY",
        exponent=0,
        duplicates=ResultCode.OK,
    )
