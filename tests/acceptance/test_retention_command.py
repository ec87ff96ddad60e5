"""`meganodes retention`: what would go, what went, the audit log; killed in the middle, again."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import time
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.domain.retention import DAY_MS
from meganodes.journal.seals import body_digest
from meganodes.kit.clock import SystemClock
from meganodes.kit.identity import first_trans_id
from tests.support.command_line import CommandLine, an_installation

REQUEST = b"POST /callback HTTP/1.1\r\nHost: casino.example\r\n\r\n" + b'{"command":"bet"}' * 20
REPLY = b"HTTP/1.1 200 OK\r\n\r\n" + b'{"result":0,"status":"OK"}'
SIZE = len(REQUEST) + len(REPLY)


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    made = an_installation(tmp_path)
    callback = ("--callback-url", "http://127.0.0.1:9/callback")
    assert made.run_here("agent", "add", "acme", "--currency", "EUR", *callback).status == 0
    return made


def ask(shell: CommandLine, text: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(shell.folder / "hub.db")) as connection:
        return connection.execute(text).fetchall()


def fill(shell: CommandLine, days_ago: int, count: int) -> None:
    """Put so many attempts into one day of the API log."""
    first = first_trans_id(SystemClock().now_ms() - days_ago * DAY_MS)
    with closing(sqlite3.connect(shell.folder / "hub.db")) as connection, connection:
        connection.executemany(
            "INSERT INTO attempts VALUES (?, 1, NULL, 'alice', 'bet', 1, 1, 1, 'accepted',"
            " 'complete', 0, 200, NULL, NULL, NULL)",
            [(first + each,) for each in range(count)],
        )
        connection.executemany(
            "INSERT INTO attempt_bodies VALUES (?, 1, ?, ?, 0)",
            [(first + each, REQUEST, REPLY) for each in range(count)],
        )


def audit(shell: CommandLine) -> list[str]:
    tags = ask(
        shell, "SELECT tag FROM directory_audit WHERE tag LIKE '%retention%' ORDER BY version"
    )
    return [str(tag) for (tag,) in tags]


def test_a_dry_run_says_what_the_run_then_does(shell: CommandLine) -> None:
    fill(shell, 100, 30)
    fill(shell, 20, 12)
    fill(shell, 1, 3)
    looked = json.loads(shell.run_here("retention", "--dry-run", "--json").stdout)
    assert looked["dry_run"] is True
    assert audit(shell) == []
    assert ask(shell, "SELECT count(*) FROM attempt_digests") == [(0,)]
    done = shell.run_here("retention", "--json")
    assert done.status == 0, done.stderr
    (agent,) = json.loads(done.stdout)["agents"]
    (expected,) = looked["agents"]
    assert agent["agent"] == "acme"
    assert agent["retired"] == {"attempts": 30, "bytes_before": 30 * SIZE, "bytes_after": 0}
    assert agent["retired"] == expected["retired"]
    assert agent["packed"]["attempts"] == expected["packed"]["attempts"] == 12
    assert agent["packed"]["bytes_before"] == 12 * SIZE > 2 * agent["packed"]["bytes_after"]
    assert ask(shell, "SELECT packing, count(*) FROM attempt_bodies GROUP BY 1 ORDER BY 1") == [
        (0, 3),
        (1, 12),
    ]
    assert ask(shell, "SELECT DISTINCT digest FROM attempt_digests") == [
        (body_digest(REQUEST, REPLY),)
    ]
    assert audit(shell) == [
        "cli:installation:retention-begun",
        "cli:installation:retention",
    ]
    ((written,),) = ask(shell, "SELECT new FROM directory_audit WHERE tag LIKE '%:retention'")
    assert json.loads(str(written))["agents"] == [agent]


def test_nothing_to_do_is_said_and_not_audited(shell: CommandLine) -> None:
    fill(shell, 100, 2)
    assert "acme" in shell.run_here("retention", "--dry-run").stdout
    assert "acme" in shell.run_here("retention").stdout
    again = shell.run_here("retention")
    assert "There is nothing to do." in again.stdout
    assert len(audit(shell)) == 2


def test_until_leaves_alone_what_was_made_since(shell: CommandLine) -> None:
    fill(shell, 200, 4)
    fill(shell, 100, 5)
    moment = SystemClock().now_ms() - 150 * DAY_MS
    until = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment // 1000))
    (agent,) = json.loads(shell.run_here("retention", "--until", until, "--json").stdout)["agents"]
    assert agent["retired"]["attempts"] == 4
    assert shell.run_here("retention", "--until", "yesterday").status == 2


def test_another_digest_on_record_ends_with_status_1(shell: CommandLine) -> None:
    fill(shell, 100, 2)
    with closing(sqlite3.connect(shell.folder / "hub.db")) as connection, connection:
        connection.execute(
            "INSERT INTO attempt_digests SELECT min(attempt_id), 1, zeroblob(32), 1, 1"
            " FROM attempt_bodies"
        )
    done = shell.run_here("retention")
    assert done.status == 1
    assert "1 attempts keep their bytes" in done.stdout
    assert ask(shell, "SELECT count(*) FROM attempt_bodies") == [(1,)]


def kill_in_the_middle(shell: CommandLine) -> None:
    """Start a slow run, and end it without a word once it has done something."""
    slowly = {"MEGANODES_RETENTION__STEP_ROWS": "20", "MEGANODES_RETENTION__TIME_PERCENT": "2"}
    running = subprocess.Popen(
        shell.arguments("retention"),
        cwd=shell.folder,
        env={**shell.environment, **slowly},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ends = time.monotonic() + 60
        while ask(shell, "SELECT count(*) FROM attempt_digests") == [(0,)]:
            assert time.monotonic() < ends, "it never began"
            assert running.poll() is None, "it ended too early"
    finally:
        os.kill(running.pid, signal.SIGKILL)
        running.wait()


def test_a_run_that_is_killed_is_gone_on_with(shell: CommandLine) -> None:
    """SIGKILL in the middle of its work: no bytes without a digest, none with half a packing."""
    fill(shell, 100, 3_000)
    fill(shell, 20, 500)
    kill_in_the_middle(shell)
    ((digests,),) = ask(shell, "SELECT count(*) FROM attempt_digests")
    ((bodies,),) = ask(shell, "SELECT count(*) FROM attempt_bodies")
    assert isinstance(digests, int)
    assert 0 < digests < 3_000
    assert bodies == 3_500 - digests, "what has a digest has gone, and nothing else has"
    done = shell.run_here("retention", "--json")
    assert done.status == 0, done.stderr
    (agent,) = json.loads(done.stdout)["agents"]
    assert agent["retired"]["attempts"] == 3_000 - digests
    assert agent["packed"]["attempts"] == 500
    assert ask(shell, "SELECT count(*), min(packing) FROM attempt_bodies") == [(500, 1)]
    tags = ["retention-begun", "retention-begun", "retention"]
    assert audit(shell) == [f"cli:installation:{tag}" for tag in tags], "the killed one is seen"
