"""The ledger on a SQLite file: durable, shared with other processes, whatever is asked of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import meganodes
from meganodes.protocol.codes import ResultCode
from meganodes.sdk import Bet, Cancel, Win
from meganodes.sdk.ledger import EntryKind, EntryState, SqliteLedger
from tests.conformance.test_sdk_ledgers import bet, cancel, no, win, yes


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "casino.db"


def test_every_commit_reaches_the_disk(path: Path) -> None:
    ledger = SqliteLedger(path)
    connection = ledger._connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    ledger.close()


def test_duplicates_are_answered_41_or_0_and_nothing_else(path: Path) -> None:
    with pytest.raises(ValueError, match="41 or 0"):
        SqliteLedger(path, ResultCode.TOKEN_WRONG)


_OTHER_PROGRAM = """
import sys
from meganodes.sdk.ledger import SqliteLedger
from tests.conformance.test_sdk_ledgers import bet
ledger = SqliteLedger(sys.argv[1])
for number in range(50):
    ledger.bet(bet(number, 10))
"""


def test_programs_share_a_file_and_each_id_is_booked_once(path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.deposit("ada", 1_000)
    places = [str(Path(meganodes.__file__).parents[1]), str(Path(__file__).parents[4])]
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", _OTHER_PROGRAM, str(path)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        )
        for _ in range(2)
    ]
    assert [program.wait(timeout=120) for program in programs] == [0, 0]
    assert ledger.balance_minor("ada") == 500
    assert len(ledger.entries()) == 51
    assert ledger.faults() == ()
    ledger.close()


def test_a_forked_worker_opens_the_file_for_itself(path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.deposit("ada", 1_000)
    mine = ledger._connection
    ledger._process = os.getpid() + 1  # as it is found by a child of the process that opened it
    assert ledger.bet(bet(1, 300)) == yes(700)
    assert ledger._connection is not mine
    assert ledger._inherited == [mine]
    ledger.close()
    mine.close()


_DYING_PROGRAM = """
import os, signal, sys
from meganodes.sdk.ledger import SqliteLedger
from meganodes.sdk.ledger.judging import Known, judge_bet
from tests.conformance.test_sdk_ledgers import bet
ledger = SqliteLedger(sys.argv[1])
with ledger._books(writing=True) as books:
    _, writing = judge_bet(bet(1, 300), Known(account=books.account("ada")), 41)
    books.write(writing)
    os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_program_killed_inside_a_transaction_leaves_nothing_of_it(path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.deposit("ada", 1_000)
    places = [str(Path(meganodes.__file__).parents[1]), str(Path(__file__).parents[4])]
    done = subprocess.run(
        [sys.executable, "-c", _DYING_PROGRAM, str(path)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(places)},
        check=False,
        timeout=120,
    )
    assert done.returncode == -signal.SIGKILL
    assert ledger.balance_minor("ada") == 1_000
    assert ledger.bet(bet(1, 300)) == yes(700)
    assert ledger.faults() == ()
    ledger.close()


REQUESTS = st.lists(
    st.builds(
        lambda make, number, amount: make(number, amount),
        st.sampled_from([bet, win, lambda number, _: cancel(number)]),
        st.integers(min_value=1, max_value=6),
        st.integers(min_value=0, max_value=1_500),
    ),
    max_size=30,
)


@given(REQUESTS)
def test_the_balance_is_always_the_sum_of_what_was_booked(
    requests: list[Bet | Win | Cancel],
) -> None:
    ledger = SqliteLedger(":memory:")
    ledger.deposit("ada", 1_000)
    for request in requests:
        match request:
            case Bet():
                ledger.bet(request)
            case Win():
                ledger.win(request)
            case Cancel():
                ledger.cancel(request)
    moved = 0
    for row in ledger.entries():
        if row.state is EntryState.BOOKED and row.kind in {EntryKind.BET, EntryKind.WIN}:
            moved += row.amount_minor if row.kind is EntryKind.WIN else -row.amount_minor
    assert ledger.balance_minor("ada") == 1_000 + moved
    assert ledger.faults() == ()
    ledger.close()


def test_a_refusal_of_the_ledger_itself_leaves_the_file_usable(path: Path) -> None:
    ledger = SqliteLedger(path)
    ledger.deposit("ada", 2**53 - 1)
    with pytest.raises(RuntimeError, match="cannot take a change"):
        ledger.win(win(2, 1))
    assert ledger.bet(bet(1, 2**53 - 1)) == yes(0)
    assert ledger.bet(bet(3, 1)) == no(31, 0)
    ledger.close()
