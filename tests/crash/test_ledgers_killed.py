"""The SDK's ledger in a storm: copies, out of order, by a program that is killed again and again.

Whatever was answered before a kill stays true, nothing is booked twice, and all money is accounted
for to the last minor unit.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Mapping
from pathlib import Path

import pytest

from meganodes.sdk.ledger import CASHIER, STAKES, WINS, Entry, EntryState, Ledger
from tests.support.effort import effort
from tests.support.ledger_storm import ACCOUNTS, OPENING_MINOR, Operation, storm, write
from tests.support.ledgers import LEDGERS, a_ledger_place

pytestmark = pytest.mark.thorough
ROOT = Path(__file__).parents[2]
OPERATIONS = effort(500, 10_000)
KILLS = effort(3, 20)
SEED = 20_261_130


class Storm:
    """Plays operations in programs that are killed, until every one of them has an answer."""

    def __init__(self, kind: str, address: str, folder: Path) -> None:
        self._command = [sys.executable, "-m", "tests.support.ledger_storm", kind, address]
        self._file = folder / "operations"
        self.answers: defaultdict[str, list[int]] = defaultdict(list)
        self._left: dict[int, Operation] = {}

    def play(self, operations: list[Operation], kills: list[int]) -> None:
        """Play all; each kill comes after so many answers of the program that is killed."""
        self._left = dict(enumerate(operations))
        for answers_before in kills:
            self._run(answers_before)
        self._run(None)
        assert not self._left

    def _run(self, answers_before_kill: int | None) -> None:
        write(self._file, self._left)
        environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}"}
        program = subprocess.Popen(
            [*self._command, str(self._file)], stdout=subprocess.PIPE, text=True, env=environment
        )
        assert program.stdout is not None
        with program:
            for seen, line in enumerate(program.stdout, 1):
                number, result = map(int, line.split())
                self.answers[self._left.pop(number).id].append(result)
                if seen == answers_before_kill:
                    # What it prints after this moment and before its death counts as answered too.
                    program.send_signal(signal.SIGKILL)
        assert program.returncode == (0 if answers_before_kill is None else -signal.SIGKILL)


def judge(ledger: Ledger, operations: list[Operation], answers: Mapping[str, list[int]]) -> None:
    """Compare the books with what was asked and answered, by sums of the test's own."""
    entries = {entry.id: entry for entry in ledger.entries()}
    first = {operation.id: operation for operation in operations}
    balances = Counter(dict.fromkeys(ACCOUNTS, OPENING_MINOR))
    for name, operation in first.items():
        told = set(answers[name])
        assert answers[name].count(0) <= 1, f"{name} was accepted twice"
        if operation.kind == "cancel":
            judge_cancel(told, entries.get(name), entries[f"bet-{operation.round_number}"])
            continue
        entry = entries[name]
        assert told <= TOLD[entry.state], (name, told, entry)
        if entry.state is EntryState.BOOKED:
            balances[operation.account] += (
                operation.amount_minor if operation.kind == "win" else -operation.amount_minor
            )
    assert {each.name: each.balance_minor for each in ledger.accounts()} == dict(balances)
    house = sum(ledger.house_minor(name) for name in (CASHIER, STAKES, WINS))
    assert house + balances.total() == 0
    assert ledger.faults() == ()


TOLD = {
    EntryState.BOOKED: {0, 41},
    EntryState.CANCELLED: {0, 41},
    EntryState.REFUSED: {31},
    EntryState.TOMBSTONE: {41},
}


def judge_cancel(told: set[int], own: Entry | None, original: Entry) -> None:
    if original.state is EntryState.CANCELLED:
        assert told <= {0, 41, 43}, "one that came before the bet may have been told 43"
        assert own is not None
        assert own.amount_minor == original.amount_minor
    else:
        assert told == {43}
        assert own is None
        assert original.state in {EntryState.TOMBSTONE, EntryState.REFUSED}


@pytest.mark.slow
@pytest.mark.parametrize("kind", LEDGERS)
def test_no_money_appears_or_vanishes_in_a_storm(kind: str, tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - the same seed, the same kills
    operations = storm(SEED, OPERATIONS)
    kills = [chance.randrange(1, OPERATIONS // (2 * KILLS)) for _ in range(KILLS)]
    with a_ledger_place(kind, tmp_path) as opening:
        ledger = opening()
        for account in ACCOUNTS:
            ledger.deposit(account, OPENING_MINOR)
        played = Storm(kind, opening.address, tmp_path)
        played.play(operations, kills)
        judge(opening(), operations, played.answers)


def test_a_storm_is_the_same_for_the_same_seed_and_has_everything_in_it() -> None:
    operations = storm(SEED, 10_000)
    assert operations == storm(SEED, 10_000)
    assert len(operations) == 10_000
    copies = Counter(operation.id for operation in operations)
    assert max(copies.values()) == 64
    places = {operation.id: place for place, operation in reversed(list(enumerate(operations)))}
    overtaken = [
        name
        for name, place in places.items()
        if name.startswith("cancel-") and place < places[name.replace("cancel", "bet")]
    ]
    assert len(overtaken) > 50
