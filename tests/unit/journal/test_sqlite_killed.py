"""A killed process loses nothing that was acknowledged (reliability I7)."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meganodes.domain.transaction import State
from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import parse_database_url
from tests.house.tree import ROOT

KILLS = 10


@pytest.mark.slow
async def test_every_acknowledged_commit_survives_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    acknowledged: dict[int, int] = {}
    first = 1
    for _ in range(KILLS):
        fresh = _write_until_killed(path, first, seconds=random.uniform(0.02, 0.25))  # noqa: S311
        acknowledged |= fresh
        first = max(acknowledged) + 1_001
        await _require_all(path, acknowledged, fresh)
    assert len(acknowledged) > 10 * KILLS


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
