"""An operator changes the catalogue while the hub runs: agents see it, and nobody is held up."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.support.command_line import CommandLine, an_installation


class RunningHub:
    """A hub in a process of its own, and one agent of it."""

    def __init__(self, shell: CommandLine, port: int, api_token: str) -> None:
        self.shell = shell
        self._port = port
        self._headers = {"Authorization": f"Bearer {api_token}"}

    def ask(self, path: str, **body: object) -> Any:  # noqa: ANN401 - whatever JSON holds
        connection = HTTPConnection("127.0.0.1", self._port, timeout=30)
        connection.request("POST", f"/v4/{path}", json.dumps(body), self._headers)
        answer = json.loads(connection.getresponse().read())
        connection.close()
        assert answer["code"] == 0, answer
        return answer["data"]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningHub]:
    shell = an_installation(tmp_path_factory.mktemp("installation"))
    url = "http://127.0.0.1:9/callback"
    added = shell.run_here(
        *("agent", "add", "acme", "--currency", "EUR", "--callback-url", url, "--json")
    )
    wanted = ("--out", str(shell.folder / "made.json"), "--providers", "4", "--games", "1000")
    assert shell.run_here("catalog", "generate", *wanted, "--register").status == 0
    assert shell.run_here("agent", "assign", "acme", "--all").status == 0
    with _serving(shell) as port:
        yield RunningHub(shell, port, json.loads(added.stdout)["api_token"])


@contextmanager
def _serving(shell: CommandLine) -> Iterator[int]:
    process = subprocess.Popen(
        shell.arguments("serve", "--port", "0"),
        cwd=shell.folder,
        env=shell.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
    )
    try:
        assert process.stdout is not None
        yield int(process.stdout.readline().rsplit(":", 1)[1])
    finally:
        process.terminate()
        process.communicate(timeout=60)


def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Ask again until it is so; a hub that nobody disturbs needs less than one second."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "the hub never saw it"
        time.sleep(0.05)


def test_an_import_is_seen_by_the_running_hub(hub: RunningHub) -> None:
    imported = hub.shell.run("catalog", "import", "made.json", "--json")
    assert json.loads(imported.stdout)["added"] == 1_000
    providers = hub.ask("game/providers", lang=2)
    assert len(providers) == 4
    numbers = [provider["provider_id"] for provider in providers]
    until(lambda: sum(len(hub.ask("game/games", provider_id=each)) for each in numbers) == 1_000)
    listed = json.loads(hub.shell.run("catalog", "list", "--provider", "101", "--json").stdout)
    names = {game["game_code"]: game["names"]["de"] for game in listed}
    games = hub.ask("game/games", provider_id=101, lang=8)
    assert {game["game_code"]: game["locale_name"] for game in games} == names


def test_maintenance_is_seen_by_the_running_hub(hub: RunningHub) -> None:
    def status() -> int:
        by_number = {each["provider_id"]: each["status"] for each in hub.ask("game/providers")}
        return int(by_number[102])

    began = hub.shell.run("provider", "maintenance", "102", "--now", "--reason", "new version")
    assert began.status == 0, began.stderr
    until(lambda: status() == 2)
    ended = hub.shell.run("provider", "maintenance", "102", "--end")
    assert "is no longer in maintenance" in ended.stdout
    until(lambda: status() == 1)
