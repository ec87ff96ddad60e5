"""How long comparing many transactions takes: `python -m benchmarks.reconciling [ROWS]`.

A journal on SQLite with that many rows of one agent, files of both other sides, both compared.
"""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from meganodes.domain.reconciliation import Side
from meganodes.domain.transaction import Kind, State, Transaction
from meganodes.hub.core import Hub
from meganodes.hub.reconciliation import Order, Report, reconcile
from meganodes.hub.reconciliation_lines import read_file
from meganodes.journal import rows
from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.sqlite_connection import open_writer
from meganodes.journal.statements import SQLITE
from meganodes.journal.turnover import Window
from meganodes.kit.clock import SystemClock
from meganodes.kit.database import parse_database_url
from meganodes.kit.identity import first_trans_id
from meganodes.kit.line_sorter import LINES_MAX, LineSorter
from meganodes.protocol.commands import Revision
from meganodes.protocol.ids import trans_guid
from meganodes.protocol.money import format_amount

START_MS = 1_790_000_000_000
ROWS = 1_000_000
EXPONENT = 2


def made_rows(count: int) -> Iterator[Transaction]:
    """Make accepted bets and credited wins, a millisecond apart."""
    first = Transaction(
        agent_id=1,
        trans_id=1,
        provider_id=7,
        transaction_id="",
        kind=Kind.BET,
        user_code=400_000_001,
        account="alice",
        gplay_id=11,
        round_id="r-1",
        game_code="fruits",
        currency="EUR",
        amount_minor=150,
        revision=Revision.GUID,
        guid="",
        data=b'{"account":"alice","amount":1.50}',
        content="digest",
        created_at_ms=START_MS,
        state=State.ACCEPTED,
    )
    for number in range(count):
        yield replace(
            first,
            trans_id=first_trans_id(START_MS + number),
            transaction_id=f"t-{number}",
            kind=Kind.WIN if number % 2 else Kind.BET,
            state=State.CREDITED if number % 2 else State.ACCEPTED,
            amount_minor=100 + number * 7919 % 5_000,
            guid=trans_guid("bench", 1, 7, f"t-{number}"),
        )


def prepare(folder: Path, count: int) -> None:
    """Make the journal and the files of both other sides."""
    path = folder / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    connection = open_writer(path)
    connection.execute("BEGIN IMMEDIATE")
    with ExitStack() as opened:
        files = [opened.enter_context(path_of(folder, side).open("w")) for side in Side]
        for file in files:
            file.write("trans_guid,kind,amount,state\n")
        for row in made_rows(count):
            connection.execute(
                SQLITE["insert_transaction"].text, (*rows.all_values(row), None, None)
            )
            for file in files:
                file.write(
                    f"{row.guid},{row.kind},{format_amount(row.amount_minor, EXPONENT)},OK\n"
                )
    connection.execute("COMMIT")
    connection.close()


def path_of(folder: Path, side: Side) -> Path:
    """Say where a side's file is."""
    return folder / f"{side}.csv"


async def compare(folder: Path, count: int, lines_max: int = LINES_MAX) -> Report:
    """Read both files and compare them with the journal; so many lines stay in memory."""
    clock = SystemClock()
    journal = SqliteJournal(folder / "journal.db", clock=clock, owner="bench")
    await journal.start()
    directory = SimpleNamespace(providers=lambda: ())
    hub: Any = SimpleNamespace(
        journal=journal, reads=journal.reads, clock=clock, directory=directory
    )
    entries = {side: LineSorter(folder, f"file-{side}", lines_max=lines_max) for side in Side}
    for side, sorter in entries.items():
        read_file(path_of(folder, side), EXPONENT, sorter, lambda _: None)
    agent: Any = SimpleNamespace(agent_id=1, revision=Revision.GUID)
    window = Window(start_ms=START_MS, end_ms=START_MS + count)
    order = Order(agent=agent, window=window, folder=folder, entries=entries)
    try:
        return await reconcile(cast("Hub", hub), order, lambda *_: None)
    finally:
        await journal.close()


def peak_mb() -> int:
    """Say how much memory this process has held at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Prepare, compare, say how long it took."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, count)
        began, used = time.monotonic(), time.process_time()
        report = asyncio.run(compare(folder, count))
        seconds, cpu = time.monotonic() - began, time.process_time() - used
    assert report.rows == count
    assert not report.differences
    sys.stdout.write(
        f"{count} transactions against both sides: {seconds:.1f} s ({cpu:.1f} s of CPU), "
        f"{report.differences} differences, at most {peak_mb()} MB of memory\n"
    )


if __name__ == "__main__":
    main()
