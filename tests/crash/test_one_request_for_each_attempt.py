"""What the hub calls one attempt is one request on the wire, whatever becomes of it (3.2)."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.protocol.ids import cancel_guid
from tests.support.evening import an_evening

PLAYERS = 4
ROUNDS = 24
KINDS = ("drop", "drop_before", "garbage", "http_500", "refuse")
FAULTS = [
    {"fault": kind, "command": command, "times": 3, "every": 2}
    for command in ("bet", "win", "cancel")
    for kind in KINDS
]
SENT = """SELECT attempts.command, transactions.guid, count(*)
FROM attempts JOIN transactions USING (agent_id, trans_id)
WHERE attempts.command IN ('bet', 'win', 'cancel') AND attempts.phase <> 'before_send'
GROUP BY 1, 2"""


@pytest.mark.slow
@pytest.mark.rule("3.4-bet-sent-once", "3.4-delivered-until-accepted")
async def test_each_attempt_is_one_request_and_there_are_no_others(tmp_path: Path) -> None:
    async with an_evening(tmp_path) as evening:
        planned = await evening.casino("", {"next": FAULTS})
        assert len(planned["pending"]) == len(FAULTS)
        sessions = [await evening.open_session(f"player_{n}", "9000.00") for n in range(PLAYERS)]
        await asyncio.gather(*(evening.play(each, ROUNDS) for each in sessions))
        comparison = await evening.agreed(90)
        assert comparison.agrees, comparison
        arrived: Counter[tuple[str, str]] = Counter()
        for command in ("bet", "win", "cancel"):
            for guid, times in (await evening.casino(f"/arrivals?command={command}")).items():
                arrived[command, guid] = times
        assert await evening.stop_hub() == 0
    with closing(sqlite3.connect(tmp_path / "hub.db")) as reader:
        rows = reader.execute(SENT).fetchall()
    attempts = Counter({(command, named(command, guid)): times for command, guid, times in rows})
    assert attempts == arrived
    assert max(attempts.values()) > 1, "some were attempted more than once"


def named(command: str, guid: str) -> str:
    """Give the name that a callback about a transaction has on the wire."""
    return cancel_guid(guid) if command == "cancel" else guid
