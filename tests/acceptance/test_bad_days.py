"""A backend that drops, delays, garbles, repeats and fails, over real sockets: nothing is lost.

Both revisions; duplicates answered 41 and 0; numbers as text (issue "Real input").
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from meganodes.protocol.commands import Revision
from tests.support.evening import EveningOptions, an_evening

PLANS = [
    {"fault": "drop", "command": "bet", "times": 6, "every": 5},
    {"fault": "drop_before", "command": "bet", "times": 6, "every": 7},
    {"fault": "garbage", "times": 8, "every": 9},
    {"fault": "http_500", "times": 8, "every": 11},
    {"fault": "repeat", "command": "win", "times": 8, "every": 3},
    {"fault": "repeat", "command": "cancel", "times": 4, "every": 2},
    {"fault": "refuse", "command": "win", "result": 22, "times": 6, "every": 4},
    {"fault": "refuse", "command": "cancel", "result": 21, "times": 3, "every": 2},
    {"fault": "delay", "command": "bet", "seconds": 2.5, "times": 3, "every": 13},
    {"fault": "drop", "command": "win", "times": 6, "every": 5},
]
"""What strikes: by command, every so many callbacks, so many times."""

BACKENDS = [
    (Revision.GUID, 41, False),
    (Revision.GUID, 0, True),
    (Revision.ID, 41, True),
    (Revision.ID, 0, False),
]


@pytest.mark.reliability("2.6-bet-answer-lost", "I1", "I2", "I3", "I4", "I9", "I10")
@pytest.mark.slow
@pytest.mark.rule("3-revision-default-guid", "3.3-numeric-text", "3.4-delivered-until-accepted")
@pytest.mark.rule("1-recorded-delivered-in-every-state", "3.1-one-url-post")
@pytest.mark.parametrize(("revision", "duplicates", "numeric_text"), BACKENDS)
async def test_after_a_bad_day_the_three_records_agree(
    tmp_path: Path, revision: Revision, duplicates: int, numeric_text: bool
) -> None:
    options = EveningOptions(revision=revision, duplicates=duplicates, numeric_text=numeric_text)
    async with an_evening(tmp_path, options) as evening:
        sessions = [await evening.open_session(f"player_{n}", "500.00") for n in range(4)]
        for plan in PLANS:
            await evening.casino("", {"next": [plan]})
        await asyncio.gather(*(evening.play(session, 20) for session in sessions))
        await evening.casino("", {"clear": True})
        comparison = await evening.agreed(90)
        assert comparison.agrees, comparison
        bets = await evening.casino("/arrivals?command=bet")
        assert len(bets) >= 60
        assert set(bets.values()) == {1}, "no bet was on the wire twice"
