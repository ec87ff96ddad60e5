"""A studio plays against a casino through a real core: nobody has anything to say, until one lies.

The stand-ins here break one thing each; the judges that must notice do, and no other.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from meganodes.callbacks.exchange import Exchange, Exchanged
from tests.simulation.casino import Casino, Replied
from tests.simulation.checkers import judge
from tests.simulation.personality import PERSONALITIES, Personality
from tests.simulation.seam import Telling, a_table, honestly
from tests.simulation.wire import read_callback

pytestmark = pytest.mark.thorough

ROUNDS = 60


@pytest.mark.parametrize("seed", [1, 2])
async def test_an_evening_without_faults_has_no_violation(seed: int, tmp_path: Path) -> None:
    async with a_table(tmp_path, seed=seed) as table:
        run = await table.play(ROUNDS)

    verdict = judge(run)
    assert (verdict.violations, verdict.reported) == ((), ())
    words = {(word.kind, word.last) for word in run.words}
    assert {("bet", "ok"), ("bet", "cancelled"), ("win", "ok"), ("cancel", "ok")} <= words
    assert {row.state.value for row in run.rows} >= {"accepted", "cancelled", "credited"}


@pytest.mark.parametrize("number", range(0, PERSONALITIES, 173))
async def test_no_way_of_an_operator_is_taken_for_the_hubs_fault(
    number: int, tmp_path: Path
) -> None:
    """Only of those that let an evening end in seconds: some need the days of virtual time."""
    async with a_table(tmp_path, personality=Personality.numbered(number)) as table:
        run = await table.play(20)

    assert judge(run).violations == ()


class DebitsTwice(Casino):
    """Books every bet twice and says nothing about it."""

    def execute(self, headers: Mapping[bytes, bytes], body: bytes) -> Replied:
        before = len(self.ledger)
        replied = super().execute(headers, body)
        if len(self.ledger) > before and self.ledger[-1].kind == "bet":
            self.ledger.append(self.ledger[-1])
        return replied


class KeepsStakes(Casino):
    """Says 0 to a cancel and gives nothing back."""

    def execute(self, headers: Mapping[bytes, bytes], body: bytes) -> Replied:
        before = len(self.ledger)
        replied = super().execute(headers, body)
        if len(self.ledger) > before and self.ledger[-1].kind == "cancel":
            self.ledger.pop()
        return replied


class SwallowsWins(Casino):
    """Says 0 to a win and pays nothing."""

    def execute(self, headers: Mapping[bytes, bytes], body: bytes) -> Replied:
        before = len(self.ledger)
        replied = super().execute(headers, body)
        if len(self.ledger) > before and self.ledger[-1].kind == "win":
            self.ledger.pop()
        return replied


def _told(path: str, code: int, body: bytes) -> tuple[int, bytes]:
    del path
    reply = json.loads(body)
    reply["code"] = code
    return 200, json.dumps(reply).encode()


def ok_for_dead_bets(path: str, status: int, body: bytes) -> tuple[int, bytes]:
    """Tell the studio OK for a bet that its cancel overtook."""
    if path.endswith("/bet") and json.loads(body)["code"] == 3005:
        return _told(path, 0, body.replace(b"{", b'{"data":{},', 1))
    return status, body


def wins_are_lost_on_the_way(path: str, status: int, body: bytes) -> tuple[int, bytes]:
    """Tell the studio that its win was refused."""
    return _told(path, 3005, body) if path.endswith("/win") else (status, body)


@pytest.mark.parametrize(
    ("casino", "telling", "who"),
    [
        (DebitsTwice, honestly, {"I1", "I3", "I9"}),
        (KeepsStakes, honestly, {"I1", "I9"}),
        (SwallowsWins, honestly, {"I4", "I9"}),
        (Casino, wins_are_lost_on_the_way, {"I2", "I9"}),
    ],
)
async def test_a_lying_stand_in_is_found_by_the_right_judges(
    casino: type[Casino], telling: Telling, who: set[str], tmp_path: Path
) -> None:
    async with a_table(tmp_path, casino=casino, telling=telling) as table:
        run = await table.play(ROUNDS)

    assert {each.invariant for each in judge(run).violations} == who


async def test_a_studio_that_is_told_ok_for_a_dead_bet_is_heard(tmp_path: Path) -> None:
    async with a_table(tmp_path, telling=ok_for_dead_bets) as table:
        run = await table.play(ROUNDS)

    assert {each.invariant for each in judge(run).violations} == {"I2", "I8", "I9"}


async def test_a_hub_that_sends_a_bet_twice_is_found_on_the_wire_only(tmp_path: Path) -> None:
    async with a_table(tmp_path) as table:
        once = table.send

        async def twice(exchange: Exchange) -> Exchanged:
            if read_callback(exchange.body).command == "bet":
                await once(exchange)
            return await once(exchange)

        table.script(twice)
        run = await table.play(ROUNDS)

    assert {each.invariant for each in judge(run).violations} == {"I10"}
