"""`meganodes certify`: a backend tried over HTTP from the command line, without a hub."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Self

import pytest
from typer.testing import CliRunner, Result

from meganodes.certification.cases import CASES
from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import Asked, Callback, Decision
from meganodes.certification.faulty.serving import BackendServer
from meganodes.certification.report_json import from_json
from meganodes.cli.app import app
from meganodes.kit.clock import SystemClock
from meganodes.protocol.reply_records import HttpReply
from tests.support.practice import ACCOUNT, BLOCKED_ACCOUNT, TOKEN, agreed, with_accounts

FEW = ("--section", "balance", "--case", "bet-01-taken")
FEW_NAMES = {
    *("transport-01-answers", "transport-02-readable", "bet-01-taken"),
    *("balance-01-told", "balance-02-unknown", "balance-03-blocked", "balance-04-steady"),
}


class Wrong(HonestBackend):
    """Tells every balance in cents."""

    def reply_members(self, callback: Callback, decision: Decision) -> dict[str, object]:
        members = super().reply_members(callback, decision)
        return {**members, "balance": decision.balance_minor}


class MendsItself(HonestBackend):
    """Answers with an error page until somebody has had the time to mend it."""

    times = 0

    async def answer(self, asked: Asked) -> HttpReply:
        self.times += 1
        if self.times <= 2:
            return HttpReply(status=500, headers=((b"Content-Length", b"0"),), body=b"")
        return await super().answer(asked)


class Running:
    """A practice backend on a thread of its own, while the command runs on this one."""

    def __init__(self, kind: type[HonestBackend]) -> None:
        self.url = ""
        self._backend = with_accounts(kind(agreed(), SystemClock()))
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._end = asyncio.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(60)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(60)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        async with BackendServer(self._backend) as server:
            self.url = server.url
            self._ready.set()
            await self._end.wait()
            await asyncio.sleep(0.1)  # lets the connections of the command end first


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Running(HonestBackend) as running:
        yield running.url


@pytest.fixture(scope="module")
def wrong_url() -> Iterator[str]:
    with Running(Wrong) as running:
        yield running.url


def certify(*arguments: str, **environment: str) -> Result:
    return CliRunner().invoke(app, ["certify", *arguments], env=environment)


def certify_at(url: str, *arguments: str) -> Result:
    return certify(url, "--token", TOKEN, "--account", ACCOUNT, *FEW, *arguments)


def test_a_right_backend_passes_with_0(url: str) -> None:
    done = certify_at(url, "--blocked-account", BLOCKED_ACCOUNT)
    assert done.exit_code == 0, done.output
    assert "Passed, of the chosen cases: 7 passed." in done.stdout
    assert "The account holds what it held before." in done.stdout
    assert TOKEN not in done.output


def test_a_wrong_one_is_told_its_mistake_and_ends_with_1(wrong_url: str) -> None:
    done = certify_at(wrong_url)
    assert done.exit_code == 1
    assert (
        "FAIL bet-01-taken: a bet below the balance is taken from it (about money)" in done.stdout
    )
    assert "  mistake   Cents for units" in done.stdout
    assert "  again     curl -sS -i http://127.0.0.1:" in done.stdout


def test_json_is_a_report_that_can_be_read_again(url: str) -> None:
    for option in (("--json",), ("--format", "json")):
        report = from_json(json.loads(certify_at(url, "--seed", "5", *option).stdout))
        assert {case.id for case in report.cases} == FEW_NAMES
        assert (report.seed, report.url, report.account) == (5, url, ACCOUNT)


@pytest.mark.parametrize(
    ("name", "begins"), [("junit", "<?xml"), ("html", "<!doctype html>"), ("text", "Certification")]
)
def test_a_report_goes_into_a_file(url: str, tmp_path: Path, name: str, begins: str) -> None:
    file = tmp_path / "report"
    done = certify_at(url, "--format", name, "--out", str(file))
    assert done.exit_code == 0, done.output
    assert file.read_text().startswith(begins)
    assert f"The report is in {file}." in done.stdout
    assert "Passed, of the chosen cases" in done.stdout


def test_every_step_is_printed_as_a_command(url: str) -> None:
    done = certify_at(url, "--curl")
    commands = [line for line in done.stdout.splitlines() if line.startswith("curl ")]
    assert len(commands) > 8
    assert all("$CALLBACK_TOKEN" in line and url in line for line in commands)
    assert "# bet-01-taken, step 2: bet" in done.stdout


def test_the_list_names_every_case() -> None:
    rows = json.loads(certify("--list", "--json").stdout)
    assert {row["case"] for row in rows} == {case.id for case in CASES}
    assert all(row["rule"] and row["title"] for row in rows)
    told = certify("--list", "--section", "timing")
    assert "timing-01-quick" in told.stdout
    assert "races-01" not in told.stdout


def test_watching_goes_on_until_nothing_fails() -> None:
    with Running(MendsItself) as running:
        done = certify_at(running.url, "--watch")
    assert done.exit_code == 0, done.output
    assert "1 to mend: transport-01-answers" in done.stdout
    assert "passes now: transport-01-answers" in done.stdout
    assert "Passed, of the chosen cases: 6 passed, 1 not applicable." in done.stdout


def test_nobody_listening_is_a_finding_and_no_crash() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        done = certify_at(f"http://127.0.0.1:{held.getsockname()[1]}/")
    assert done.exit_code == 1
    assert "No connection to 127.0.0.1" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("http://a/",), "Give CALLBACK_URL, --token and --account."),
        (("ftp://a/", "--token", "t", "--account", "a"), "is no callback URL"),
        (("http://a/", "--token", "t", "--account", "a", "--case", "bet-99"), "bet-99; --list"),
        (("http://a/", "--token", "t", "--account", "a", "--currency", "XXY"), "XXY"),
        (("http://a/", "--token", "t", "--account", "a", "--max-amount", "1.001"), "--max-amount"),
        (("http://a/", "--token", "t", "--account", "a", "--signing-secret", "x"), "--signing"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], says: str) -> None:
    done = certify(*arguments)
    assert done.exit_code == 2
    assert says in done.stderr


def test_it_runs_without_the_packages_of_the_hub() -> None:
    program = (
        "import sys\n"
        "for name in ('sqlalchemy', 'structlog', 'starlette', 'alembic', 'asyncpg', 'httptools'):\n"
        "    sys.modules[name] = None\n"
        "sys.argv = ['meganodes', 'certify', '--list', '--section', 'bet']\n"
        "from meganodes.cli.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert "bet-01-taken" in done.stdout


def test_without_its_own_packages_it_says_what_to_install() -> None:
    program = (
        "import sys\nsys.modules['typer'] = None\nfrom meganodes.cli.__main__ import main\nmain()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 2
    assert "pip install '.[certify]'" in done.stderr
