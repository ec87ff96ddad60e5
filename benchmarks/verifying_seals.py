"""How long checking a sealed journal takes: `python -m benchmarks.verifying_seals [ROWS]`.

A journal on SQLite with about that many rows (transactions, two events and an attempt of each) of
twenty agents at 120 transactions a second, sealed as a hub seals it, then checked as a whole.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from benchmarks.office_journal import Size, fill_journal
from benchmarks.reconciling import peak_mb
from meganodes.hub.seals import SealReport, verify
from meganodes.journal import sealing
from meganodes.journal.schema import upgrade
from meganodes.journal.sequencer import Sequencer
from meganodes.journal.sqlite_connection import SqliteSource, open_writer
from meganodes.kit.database import parse_database_url

NOW_MS = 1_790_000_000_000
ROWS = 1_000_000
AGENTS = 20
TRANSACTIONS_A_SECOND = 120
_ROWS_A_TRANSACTION = 4
_HOUR_MS = 3_600_000


def prepare(path: Path, count: int) -> None:
    """Make the journal, and seal all of it."""
    upgrade(parse_database_url(f"sqlite:///{path}"))
    transactions = count // _ROWS_A_TRANSACTION
    span_ms = transactions * 1_000 // TRANSACTIONS_A_SECOND
    size = Size(agents=AGENTS, transactions=transactions, span_ms=span_ms)
    fill_journal(path, size, NOW_MS)
    reader = SqliteSource(path).open()
    with closing(open_writer(path)) as connection, closing(reader.connection):
        sequencer = Sequencer(connection)
        while step := sealing.next_step(reader, NOW_MS + _HOUR_MS):
            connection.execute("BEGIN IMMEDIATE")
            sequencer.add_seals(step)
            connection.execute("COMMIT")


def check(path: Path) -> SealReport:
    """Check everything there is, as the command does."""
    reader = SqliteSource(path).open()
    with closing(reader.connection):
        return verify(reader, None, (0, None), lambda *_: None)


def main() -> None:
    """Prepare, check, say how long it took."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "journal.db"
        prepare(path, count)
        began, used = time.monotonic(), time.process_time()
        report = check(path)
        seconds, cpu = time.monotonic() - began, time.process_time() - used
    assert not report.broken
    sys.stdout.write(
        f"{report.rows} rows in {report.minutes} minutes: {seconds:.1f} s ({cpu:.1f} s of CPU), "
        f"{report.rows / cpu:,.0f} rows a second of CPU, at most {peak_mb()} MB of memory\n"
    )


if __name__ == "__main__":
    main()
