"""What stands before a backend in another language: it passes on, keeps, and spoils as planned."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from meganodes.demo.casino_front import CasinoFront, FrontSettings, read_settings
from meganodes.demo.http_client import NoAnswer, get_json, post_json
from meganodes.demo.serving import bind, running
from meganodes.demo.toy_casino import CasinoSettings, ToyCasino
from meganodes.kit.clock import SystemClock
from meganodes.protocol.commands import Command
from tests.support.fake_backend import (
    NOW_SECONDS,
    SECRET,
    TOKEN,
    Play,
    callback,
    callback_headers,
)
from tests.unit.demo.answering import answering
from tests.unit.demo.raw_http import post_raw


class FixedClock(SystemClock):
    """The time the callbacks were signed at."""

    def now_ms(self) -> int:
        return NOW_SECONDS * 1000


@asynccontextmanager
async def a_front(backend_url: str, *, numeric_text: bool = False) -> AsyncIterator[str]:
    settings = FrontSettings(backend_url=backend_url, numeric_text=numeric_text)
    async with running(CasinoFront(settings, SystemClock()).app) as url:
        yield url


@pytest.fixture
async def casino(tmp_path: Path) -> AsyncIterator[tuple[ToyCasino, str]]:
    """A backend that checks signatures, so that every byte counts."""
    settings = CasinoSettings(
        database=tmp_path / "casino.db", callback_token=TOKEN, signing_secret=SECRET
    )
    toy = ToyCasino(settings, FixedClock())
    toy.ledger.deposit("ada", 10_000)
    async with running(toy.app) as url:
        yield toy, url


async def ask(url: str, command: Command, play: Play | None = None) -> bytes:
    body = callback(command, play)
    _, reply = await post_raw(f"{url}/callback", callback_headers(body), body)
    return reply


async def test_a_callback_goes_through_byte_for_byte(casino: tuple[ToyCasino, str]) -> None:
    toy, url = casino
    async with a_front(url) as front:
        reply = await ask(front, Command.BET)
        shown: Any = await get_json(f"{front}/control/requests?command=bet")
    assert reply == b'{"result":0,"status":"OK","data":{"balance":98.50}}'
    (behind,) = toy.log.newest()
    head, _, body = behind.request.partition(b"\r\n\r\n")
    assert b"\r\nCallback-Token: " in head
    assert b"\r\nwebhook-signature: v1," in head
    assert body == callback(Command.BET)
    assert shown["requests"][0]["request"].count("Callback-Token: ****") == 1
    assert shown["requests"][0]["reply"].encode() == reply


@pytest.mark.parametrize(
    ("fault", "reply", "balance_minor"),
    [
        ("drop", b"cut", 9_850),
        ("drop_before", b"cut", 10_000),
        ("garbage", b'{"result":0,"status":"OK","data":{"bal', 9_850),
        ("refuse", b'{"result":99,"status":"ERROR","data":{}}', 10_000),
        ("repeat", b'{"result":41,"status":"ERROR","data":{"balance":98.50}}', 9_850),
    ],
)
async def test_answers_are_spoilt_as_planned(
    casino: tuple[ToyCasino, str], fault: str, reply: bytes, balance_minor: int
) -> None:
    toy, url = casino
    async with a_front(url) as front:
        await post_json(f"{front}/control", {"next": [{"command": "bet", "fault": fault}]})
        try:
            told = await ask(front, Command.BET)
        except NoAnswer:
            told = b"cut"
    assert told == reply
    assert toy.ledger.accounts()[0].balance_minor == balance_minor


async def test_numbers_can_be_sent_as_text(casino: tuple[ToyCasino, str]) -> None:
    async with a_front(casino[1], numeric_text=True) as front:
        reply = json.loads(await ask(front, Command.BET))
    assert reply == {"result": "0", "status": "OK", "data": {"balance": "98.50"}}


async def test_players_and_ledger_are_those_of_the_backend(casino: tuple[ToyCasino, str]) -> None:
    async with a_front(casino[1]) as front:
        opened = await post_json(f"{front}/control/players", {"account": "bob", "deposit": "5.00"})
        ledger: Any = await get_json(f"{front}/control/ledger")
        refused: Any = await post_json(f"{front}/control/players", {"deposit": "5.00"})
        ready = await get_json(f"{front}/health")
    assert opened == {"account": "bob", "balance": "5.00", "active": True}
    assert [player["account"] for player in ledger["players"]] == ["ada", "bob"]
    assert refused["error"]
    assert ready == {"ready": True}


async def test_a_backend_that_is_gone_is_a_cut_line() -> None:
    with bind("127.0.0.1", 0) as listener:
        gone = f"http://127.0.0.1:{listener.getsockname()[1]}"
    async with a_front(gone) as front:
        with pytest.raises(NoAnswer):
            await ask(front, Command.BET)
        silent: Any = await get_json(f"{front}/control/ledger")
        shown: Any = await get_json(f"{front}/control/requests")
    assert "the backend is silent" in silent["error"]
    assert shown["requests"][0]["status"] is None


async def test_headers_of_the_connection_stay_behind() -> None:
    body = b'{"result":0}'
    head = b"HTTP/1.1 500 Oops\r\nHost: x\r\nConnection: close\r\nX-Kept: yes\r\nContent-Length: 12"
    async with answering(head + b"\r\n\r\n" + body) as (url, _), a_front(url) as front:
        told, reply = await post_raw(f"{front}/callback", {}, b"{}")
    assert told.startswith(b"HTTP/1.1 500 ")
    assert b"x-kept: yes" in told
    assert told.count(b"content-length") == 1
    assert b"host:" not in told
    assert reply == body


def test_the_command_line_is_read() -> None:
    settings, port = read_settings(["--backend", "http://127.0.0.1:9", "--numeric-text"])
    assert port == 8701
    assert settings == FrontSettings(backend_url="http://127.0.0.1:9", numeric_text=True)
