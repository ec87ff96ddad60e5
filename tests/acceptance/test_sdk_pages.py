"""The pages about the SDK: every program on them runs, in the real framework, and answers right."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from meganodes.protocol.commands import Command, Revision
from tests.support.fake_backend import TOKEN, Play, callback, callback_headers
from tests.support.ledgers import a_ledger_place
from tests.support.served_town import a_served_town
from tests.support.wallets import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs/sdk"
FRAMEWORKS = {
    "fastapi": "asgi",
    "litestar": "asgi",
    "starlette": "asgi",
    "django": "wsgi",
    "flask": "wsgi",
}
EXAMPLES = ("fastapi", "django", "flask")
READY_SECONDS = 120


def programs(page: str) -> list[str]:
    """The programs of a page, in their order."""
    text = (PAGES / f"{page}.md").read_text("utf-8")
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


def environment(**more: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", **more}


class Casino:
    """A running program, asked over HTTP."""

    def __init__(self, port: int) -> None:
        self._port = port

    def post(self, body: bytes, token: str = TOKEN) -> tuple[int, Any]:
        return self.ask("POST", "/callback", body, callback_headers(body, token=token))

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        told = response.read()
        connection.close()
        return response.status, json.loads(told, parse_float=str)

    def command(self, command: Command, play: Play | None = None) -> Any:  # noqa: ANN401 - a reply
        status, reply = self.post(callback(command, play, Revision.GUID))
        assert status == 200
        return reply


@contextmanager
def running(framework: str, folder: Path) -> Iterator[Casino]:
    """Run a page's program until the block ends."""
    (program,) = programs(framework)
    file = folder / "casino.py"
    file.write_text(program)
    port, kind = free_port(), FRAMEWORKS[framework]
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.framework_program", str(file), kind, str(port)],
        env=environment(WALLET_CALLBACK_TOKEN=TOKEN, WALLET_FILE=str(folder / "casino.db")),
        stderr=subprocess.DEVNULL,
    )
    try:
        await_port(port, process)
        yield Casino(port)
    finally:
        process.kill()
        process.wait()


def await_port(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + READY_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, "the program ended"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=60).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("the program did not listen in time")


@pytest.mark.slow
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_the_program_of_a_framework_plays_a_round(framework: str, tmp_path: Path) -> None:
    bet, win = Play(amount_minor=250, number=1), Play(amount_minor=400, number=2)
    with running(framework, tmp_path) as casino:
        assert casino.command(Command.AUTHENTICATE)["data"]["balance"] == "1000.00"
        assert casino.command(Command.BET, bet)["data"]["balance"] == "997.50"
        assert casino.command(Command.BET, bet) == {
            "result": 41,
            "status": "ERROR",
            "data": {"balance": "997.50"},
        }
        assert casino.command(Command.WIN, win)["data"]["balance"] == "1001.50"
        assert casino.command(Command.STATUS, bet)["data"]["trans_status"] == "OK"
        assert casino.command(Command.CANCEL, bet)["data"]["balance"] == "1004.00"
        assert casino.command(Command.STATUS, bet)["data"]["trans_status"] == "CANCELED"
        judge_refusals(casino)
        if framework in EXAMPLES:
            assert casino.ask("GET", "/balances") == (200, {"ada": 100_400})


def judge_refusals(casino: Casino) -> None:
    """Whatever is refused is refused by the SDK, in its own words, and never by an error page."""
    asking = callback(Command.BALANCE, None, Revision.GUID)
    assert casino.post(asking, token="wrong") == (200, refusal(100))
    assert casino.post(b"no json") == (200, refusal(99))
    assert casino.post(b"x" * 100_000) == (200, refusal(99))
    assert casino.ask("GET", "/callback") == (405, refusal(99))


def refusal(result: int) -> dict[str, object]:
    return {"result": result, "status": "ERROR", "data": {}}


@pytest.mark.parametrize("framework", EXAMPLES)
def test_the_page_shows_the_example_as_it_is(framework: str) -> None:
    assert programs(framework) == [(ROOT / f"examples/{framework}/casino.py").read_text("utf-8")]


def test_every_page_of_a_framework_is_tried() -> None:
    pages = {path.stem for path in PAGES.glob("*.md") if "asgi_app" in path.read_text("utf-8")}
    pages |= {path.stem for path in PAGES.glob("*.md") if "wsgi_app" in path.read_text("utf-8")}
    assert pages <= set(FRAMEWORKS)


def printed(program: str, folder: Path, **more: str) -> list[str]:
    """What a program prints, line by line."""
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def promised(program: str) -> list[str]:
    """What its comments say that it prints."""
    return re.findall(r"^ *print\(.*\)  # (.*)$", program, re.MULTILINE)


def test_the_ledger_on_a_file_prints_what_its_page_says(tmp_path: Path) -> None:
    program = programs("ledger")[0]
    assert printed(program, tmp_path) == promised(program) == ["75000", "()"]


def test_the_ledger_on_postgresql_prints_what_its_page_says(tmp_path: Path) -> None:
    program = programs("ledger")[1]
    with a_ledger_place("psycopg", tmp_path) as opening:
        told = printed(program, tmp_path, WALLET_DATABASE=opening.address)
    assert told == promised(program) == ["100000"]


async def test_the_client_prints_what_its_page_says(tmp_path: Path) -> None:
    (program,) = programs("client")
    async with a_served_town(tmp_path) as served:
        told = await asyncio.to_thread(
            lambda: printed(
                program,
                tmp_path,
                HUB=f"http://127.0.0.1:{served.port}",
                API_TOKEN=served.town.acme.api_token,
            )
        )
    assert told[:1] == promised(program) == ["2002 USER_NOT_FOUND"]
    assert "create_user" in told[1]
