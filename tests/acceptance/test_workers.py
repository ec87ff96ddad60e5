"""`serve --workers 2`: two nodes on one port that look like one hub, and outlive each other."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, LiteralString

import pytest
import pytest_asyncio

import meganodes
from meganodes.demo.http_client import HttpRequest, HttpResult, NoAnswer, send
from meganodes.kit.database import DatabaseUrl, parse_database_url
from tests.support.evening import HURRIED, Evening, EveningOptions, an_evening
from tests.support.nodes import ask
from tests.support.postgres import dsn_of, postgres_database, postgres_server
from tests.support.shown_metrics import samples

PATIENCE_SECONDS = 60.0
BETS = ("meganodes_provider_calls_total", (("code", "0"), ("command", "bet")))
UNDONE: LiteralString = "SELECT 1 FROM events WHERE cause = 'its node stopped' LIMIT 1"
OWNERS: LiteralString = "SELECT lease_owner FROM transactions WHERE state = 'pending' LIMIT 1"
UNDECIDED: LiteralString = "SELECT 1 FROM transactions WHERE state IN ('pending', 'cancelling')"

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def evening(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Evening]:
    """Serve two workers; each test has players of its own."""
    with postgres_database() as url:
        settings = {**HURRIED, "MEGANODES_SERVER__WORKERS": "2", "MEGANODES_NODE": "left"}
        options = EveningOptions(database_url=dsn_of(url), settings=settings)
        async with an_evening(tmp_path_factory.mktemp("workers"), options) as evening:
            await until(lambda: is_serving(evening, 2))
            yield evening


async def get(evening: Evening, path: str) -> HttpResult:
    return await send(HttpRequest(method="GET", url=evening.url("hub") + path), 10)


async def metrics(evening: Evening) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = await get(evening, "/metrics")
    assert answer.status == 200, answer.body
    return samples(answer.body.decode())


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            if await holds():
                return
            await asyncio.sleep(0.05)


def logged(evening: Evening, event: str) -> list[dict[str, Any]]:
    lines = (evening.folder / "hub.log").read_text().splitlines()
    return [json.loads(line) for line in lines if f'"event":"{event}"' in line]


async def test_any_worker_says_what_all_have_counted(evening: Evening) -> None:
    session = await evening.open_session("ada")
    before = (await metrics(evening)).get(BETS, 0)
    fields = {"session": session, "amount": "1.00"}
    bets = [
        evening.ask("bet", transaction_id=f"m{n}", round_id=f"m{n}", **fields) for n in range(12)
    ]
    assert {each["code"] for each in await asyncio.gather(*bets)} == {0}
    looks = [await metrics(evening) for _ in range(6)]
    assert {look[BETS] for look in looks} == {before + 12}
    workers = {labels for name, labels in looks[0] if name == "process_resident_memory_bytes"}
    assert workers == {(("worker", "0"),), (("worker", "1"),)}
    assert looks[0]["meganodes_workers", ()] == 2


async def test_the_log_and_the_leases_say_which_worker(evening: Evening) -> None:
    ready = logged(evening, "worker_ready")
    assert {line["node"] for line in ready} >= {"left-0", "left-1"}
    assert {line["worker"] for line in logged(evening, "hub_started")} == {"0", "1"}
    names = {line["settings"]["node"] for line in logged(evening, "hub_started")}
    assert names >= {"left-0", "left-1"}


async def test_the_address_is_printed_once_when_all_are_ready(evening: Evening) -> None:
    lines = (evening.folder / "hub.log").read_text().splitlines()
    told = [number for number, line in enumerate(lines) if line.startswith("MegaNodes listens on")]
    ready = [number for number, line in enumerate(lines) if '"event":"worker_ready"' in line]
    assert len(told) == 1
    assert lines[told[0]].endswith(evening.url("hub"))
    assert len([number for number in ready if number < told[0]]) == 2


async def test_what_a_killed_worker_had_begun_is_undone_by_the_others(evening: Evening) -> None:
    session = await evening.open_session("grace")
    url = parse_database_url(evening.environment["MEGANODES_DATABASE_URL"])
    restarts = (await metrics(evening))["meganodes_worker_restarts_total", ()]
    killed = 0
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await asyncio.to_thread(ask, url, UNDONE):
            killed += 1
            await kill_under_bets(evening, url, session, f"k{killed}")
            await until(lambda: is_serving(evening, 2))
            await until(lambda: nothing_is_undecided(url))
    assert (await metrics(evening))["meganodes_worker_restarts_total", ()] == restarts + killed
    assert len(logged(evening, "worker_died")) == killed
    balance = await evening.ask("balance", session=session)
    assert balance["data"]["balance"] == "100.00", "every bet was undone"


async def kill_under_bets(evening: Evening, url: DatabaseUrl, session: str, name: str) -> None:
    """Kill a worker that waits for a backend: unless the machine was slow, within a bet."""
    late = {"fault": "delay", "command": "bet", "seconds": 3, "times": 4}
    await evening.casino("", {"clear": True, "next": [late]})
    bets = [asyncio.create_task(tried(evening, session, f"{name}_{n}")) for n in range(4)]
    owner = await owner_of_a_bet(url)
    pid = {line["node"]: line["pid"] for line in logged(evening, "worker_ready")}[owner]
    os.kill(int(pid), signal.SIGKILL)
    await asyncio.gather(*bets)
    await evening.casino("", {"clear": True})


async def tried(evening: Evening, session: str, name: str) -> None:
    """Ask for a bet whose answer may never come."""
    fields = {"session": session, "transaction_id": name, "round_id": name, "amount": "1.00"}
    with suppress(NoAnswer):
        answer = await evening.ask("bet", **fields)
        assert answer["code"] != 0, "its backend answers too late"


async def owner_of_a_bet(url: DatabaseUrl) -> str:
    while True:
        found = await asyncio.to_thread(ask, url, OWNERS)
        if found:
            return str(found[0][0])


async def nothing_is_undecided(url: DatabaseUrl) -> bool:
    return not await asyncio.to_thread(ask, url, UNDECIDED)


async def is_serving(evening: Evening, number: int) -> bool:
    try:
        return (await metrics(evening))["meganodes_workers", ()] == number
    except NoAnswer:
        return False


async def test_readiness_speaks_for_both(evening: Evening) -> None:
    await until(lambda: is_serving(evening, 2))
    answer = await get(evening, "/health/ready")
    checks = {"accepting": True, "workers": True, "journal": True, "node_number": True}
    assert (answer.status, answer.json()) == (200, {"status": "ready", "checks": checks})
    stopped = logged(evening, "worker_ready")[-1]["pid"]
    os.kill(stopped, signal.SIGSTOP)
    try:
        await until(lambda: is_unready_because(evening, "workers"))
    finally:
        os.kill(stopped, signal.SIGCONT)
    await until(lambda: is_ready(evening))


async def is_unready_because(evening: Evening, check: str) -> bool:
    """Tell what the worker says that answers; one that is stopped does not answer."""
    try:
        answer = await get(evening, "/health/ready")
    except NoAnswer:
        return False
    said: Any = answer.json()
    return answer.status == 503 and said["checks"][check] is False


async def is_ready(evening: Evening) -> bool:
    return (await get(evening, "/health/ready")).status == 200


async def test_the_workers_end_when_their_parent_was_killed(tmp_path: Path) -> None:
    with postgres_database() as url:
        settings = {**HURRIED, "MEGANODES_SERVER__WORKERS": "2"}
        options = EveningOptions(database_url=dsn_of(url), settings=settings)
        async with an_evening(tmp_path, options) as evening:
            await until(lambda: is_serving(evening, 2))
            pids = [int(line["pid"]) for line in logged(evening, "worker_ready")]
            await evening.kill_hub()
            await until(lambda: all_are_gone(pids))
            assert len(logged(evening, "hub_stopped")) == 2, "they have drained"


async def all_are_gone(pids: list[int]) -> bool:
    return not any(is_alive(pid) for pid in pids)


def is_alive(pid: int) -> bool:
    """Tell whether a process is there; one that waits for a parent that is gone has ended too."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return not status.stdout.strip().startswith("Z")


async def refused(folder: Path, database_url: str, *arguments: str) -> tuple[int, str]:
    """Run a serve that cannot start; give its exit status and what it said."""
    key = folder / "master.key"
    if not key.exists():
        key.write_bytes(os.urandom(32))
        key.chmod(0o600)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "meganodes", "serve", "--port", "0", *arguments),
        env={
            "PYTHONPATH": str(Path(meganodes.__file__).parents[1]),
            "PATH": os.environ.get("PATH", ""),
            "MEGANODES_DATABASE_URL": database_url,
            "MEGANODES_MASTER_KEY_FILE": str(key),
        },
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(PATIENCE_SECONDS):
        _, errors = await process.communicate()
    assert process.returncode is not None
    return process.returncode, errors.decode()


async def test_sqlite_and_a_fixed_number_are_refused_as_wrong_usage(tmp_path: Path) -> None:
    status, said = await refused(tmp_path, f"sqlite:///{tmp_path / 'hub.db'}", "--workers", "2")
    assert (status, said) == (
        2,
        "meganodes: --workers above 1 needs PostgreSQL: one process serves a SQLite file\n",
    )
    assert not (tmp_path / "hub.db").exists()
    (tmp_path / "hub.toml").write_text("node_number = 3\n[server]\nworkers = 2\n")
    config = ("--config", str(tmp_path / "hub.toml"))
    status, said = await refused(tmp_path, "postgresql://nobody@127.0.0.1:9/none", *config)
    assert status == 2
    assert said.startswith("meganodes: node_number: each worker needs a number of its own")


async def test_a_database_without_tables_is_told_once_and_nothing_starts(tmp_path: Path) -> None:
    database_url = postgres_server().create("no_tables")
    status, said = await refused(tmp_path, database_url, "--workers", "2")
    assert status == 1
    assert said.count("the journal's tables are missing") == 1, said
    assert "meganodes migrate" in said
    assert "worker_ready" not in said


async def test_a_port_in_use_is_told_by_the_parent(tmp_path: Path) -> None:
    with postgres_database() as url, socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        arguments = ("--workers", "2", "--port", str(port))
        status, said = await refused(tmp_path, dsn_of(url), *arguments)
    assert status == 1
    assert said.count(f"Cannot listen on 127.0.0.1:{port}") == 1, said
