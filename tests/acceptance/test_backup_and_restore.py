"""A backup beside a hub under load, the way back, and a backup that is killed in the middle."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from meganodes.demo.children import ChildFault
from tests.support.evening import Evening, an_evening


async def listed(evening: Evening, last_id: int = 0) -> list[dict[str, Any]]:
    answer = await evening.main_api("game/transaction-id", {"last_id": last_id, "limit": 2000})
    assert answer["code"] == 0, answer
    entries: list[dict[str, Any]] = answer["data"]
    return entries


def rows_that_disagree_with_their_history(path: Path) -> int:
    """Rows whose state is not what their newest event says, or whose epochs have a gap."""
    statement = """
        SELECT count(*) FROM transactions AS t
        WHERE t.epoch <> (SELECT max(e.epoch) FROM events AS e
                          WHERE e.trans_id = t.trans_id AND e.agent_id = t.agent_id)
           OR t.epoch + 1 <> (SELECT count(*) FROM events AS e
                              WHERE e.trans_id = t.trans_id AND e.agent_id = t.agent_id)
           OR t.state <> (SELECT e.to_state FROM events AS e
                          WHERE e.trans_id = t.trans_id AND e.agent_id = t.agent_id
                            AND e.epoch = t.epoch)
    """
    with closing(sqlite3.connect(path)) as connection:
        ((count,),) = connection.execute(statement).fetchall()
        return int(count)


async def backed_up_under_load(evening: Evening, file: Path) -> None:
    """Take a backup while bets are placed, and play to the end of them."""
    session = await evening.open_session("ada", "500.00")
    await evening.play(session, 5)
    enough = asyncio.Event()

    async def play_all_the_time() -> None:
        while not enough.is_set():
            await evening.play(session, 5)

    playing = asyncio.create_task(play_all_the_time())
    made = json.loads(await evening.children.run("backup", str(file), "--json"))
    enough.set()
    await playing
    await evening.play(session, 5)
    assert (await evening.agreed()).agrees
    assert made["fault"] is None
    assert rows_that_disagree_with_their_history(file) == 0


async def restored(evening: Evening, file: Path) -> None:
    """Stop the hub, put the backup back, start the hub."""
    with pytest.raises(ChildFault, match="stop it first"):
        await evening.children.run("restore", str(file), "--replace")
    assert await evening.stop_hub() == 0
    said = json.loads(await evening.children.run("restore", str(file), "--replace", "--json"))
    assert Path(said["moved_aside"]).name.startswith("hub.db.replaced-")
    await evening.start_hub()


async def played_on(evening: Evening, name: str, last_id: int) -> list[dict[str, Any]]:
    """Play with a new user; gives what is listed above a number once nothing is added any more."""
    session = await evening.open_session(name, "500.00")
    await evening.play(session, 3)
    entries: list[dict[str, Any]] = []
    async with asyncio.timeout(60):
        while not entries or entries != await listed(evening, last_id):
            entries = await listed(evening, last_id)
            await asyncio.sleep(1.0)
    return entries


async def user_code_of(evening: Evening, name: str) -> int:
    """Create a user that the casino knows."""
    await evening.casino("/players", {"account": name, "deposit": "1.00"})
    created = await evening.main_api("user/create", {"name": name})
    assert created["code"] == 0, created
    return int(created["data"]["user_code"])


def named(entries: list[dict[str, Any]]) -> set[tuple[str, int]]:
    return {(entry["trans_guid"], entry["trans_type"]) for entry in entries}


@pytest.mark.rule("2.2-transaction-id-cursor", "2.2-user-create-sequence")
async def test_a_backup_taken_under_load_restores_to_a_hub_that_goes_on(tmp_path: Path) -> None:
    file = tmp_path / "backup.db"
    async with an_evening(tmp_path) as evening:
        await backed_up_under_load(evening, file)
        seen = await listed(evening)
        end = seen[-1]["trans_id"]
        lost = await user_code_of(evening, "after_the_backup")
        await restored(evening, file)
        known = [entry for entry in await listed(evening) if entry["trans_id"] <= end]
        assert 0 < len(known) < len(seen)
        stable = ("trans_id", "trans_guid", "trans_type", "round_id")
        assert [[entry[name] for name in stable] for entry in known] == [
            [entry[name] for name in stable] for entry in seen[: len(known)]
        ]
        new = await played_on(evening, "bob", end)
        # Whoever had read to the end gets all that is new; of old entries only those come again
        # that were under way when the backup was taken.
        assert new == (await listed(evening))[len(known) :]
        bobs = {entry["user_code"] for entry in new if entry["user_code"] > 400_000_010}
        assert len(bobs) == 1
        again = [entry for entry in new if entry["user_code"] not in bobs]
        assert named(again) <= named(seen[len(known) :])
        assert await user_code_of(evening, "someone_else") > lost + 1_000_000
        assert "wrong" not in await evening.children.run("doctor")


def fill_up(path: Path, mebibytes: int) -> None:
    """Make a database large, so that there is time to kill its backup."""
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE filler (content BLOB)")
        content = os.urandom(1024 * 1024)
        connection.executemany("INSERT INTO filler VALUES (?)", [(content,)] * mebibytes)
        connection.commit()


def kill_in_the_middle(command: list[str], environment: dict[str, str], part: Path) -> bool:
    """Start a backup and kill it while it copies; False when it was quicker."""
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    while process.poll() is None:
        if part.exists() and part.stat().st_size > 4 * 1024 * 1024:
            os.kill(process.pid, signal.SIGKILL)
            return process.wait() == -signal.SIGKILL
    return False


def test_a_backup_that_is_killed_leaves_no_file_of_its_name(tmp_path: Path) -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "LOGNAME": "test",
        "PYTHONPATH": os.pathsep.join(sys.path),
        "MEGANODES_DATABASE_URL": f"sqlite:///{tmp_path / 'hub.db'}",
    }
    meganodes = [sys.executable, "-m", "meganodes"]
    subprocess.run([*meganodes, "migrate"], env=environment, check=True, capture_output=True)
    fill_up(tmp_path / "hub.db", 80)
    file = tmp_path / "backup.db"
    part = tmp_path / "backup.db.part"
    backup = [*meganodes, "backup", str(file), "--json"]
    for _ in range(10):
        if kill_in_the_middle(backup, environment, part):
            break
        file.unlink()
    else:
        pytest.fail("every backup was quicker than its killer")
    assert not file.exists()
    assert part.exists(), "what is left has the other name"
    done = subprocess.run(backup, env=environment, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["file"] == str(file)
    assert not part.exists()
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM filler").fetchall() == [(80,)]
        assert connection.execute("PRAGMA quick_check").fetchall() == [("ok",)]
