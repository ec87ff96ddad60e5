"""A journal on SQLite whose writer is killed again and again, and what must be there afterwards."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

from meganodes.domain.transaction import State
from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import parse_database_url
from tests.house.tree import ROOT


async def kill_writers(folder: Path, kills: int) -> int:
    """Kill so many writers of one file; require what they acknowledged, and say how much."""
    path = folder / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    acknowledged: dict[int, int] = {}
    first = 1
    for _ in range(kills):
        fresh = _write_until_killed(path, first, seconds=random.uniform(0.02, 0.25))  # noqa: S311
        acknowledged |= fresh
        first = max(acknowledged) + 1_001
        with closing(sqlite3.connect(path)) as connection:
            # As the next process finds it, before anything is written.
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        await _require_all(path, fresh, fresh)
    await _require_all(path, acknowledged, {})
    return len(acknowledged)


def _write_until_killed(path: Path, first: int, *, seconds: float) -> dict[int, int]:
    """Let the program write, kill it some time after its first commit, give what it had said."""
    program = [sys.executable, "-m", "tests.support.journal_writing", str(path), str(first)]
    environment = {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    with subprocess.Popen(program, stdout=subprocess.PIPE, cwd=ROOT, env=environment) as process:
        assert process.stdout
        lines = [process.stdout.readline()]
        time.sleep(seconds)
        process.kill()
        lines += process.stdout.readlines()
    assert lines[0], "the program ended before its first commit"
    said: dict[int, int] = {}
    for line in lines:
        trans_id, epoch = map(int, line.split())
        said[trans_id] = max(epoch, said.get(trans_id, 0))
    return said


async def _require_all(path: Path, acknowledged: dict[int, int], fresh: dict[int, int]) -> None:
    store = SqliteJournal(path, clock=ManualClock(), owner="node-0")
    await store.start()
    for trans_id, epoch in acknowledged.items():
        row = await store.fetch(1, trans_id)
        assert row is not None
        assert row.epoch >= epoch
        assert row.state is (State.ACCEPTED if row.epoch else State.PENDING)
    for trans_id, epoch in fresh.items():
        history = await store.events(1, trans_id)
        attempts = await store.reads.attempts(1, trans_id)
        # A change is whole or not there: the decision, its event and its attempt go together.
        assert len(history) >= epoch + 1
        assert len(attempts) == len(history) - 1
    await store.close()
