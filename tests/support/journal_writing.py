"""A program that writes bets into a journal and says which are durable, until it is killed.

Run as ``python -m tests.support.journal_writing FILE FIRST_NUMBER``. Each line of its output is one
acknowledged commit: the number of the row and its epoch.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from dataclasses import replace
from pathlib import Path

from meganodes.journal.sqlite import SqliteJournal
from meganodes.kit.clock import SystemClock
from tests.support.transactions import accepted, attempt_of, bet, committed, intent, moving

WRITERS = 16


async def main(path: Path, first: int) -> None:
    """Write without end, from ``first`` on."""
    store = SqliteJournal(path, clock=SystemClock(), owner="node-0")
    await store.start()
    numbers = itertools.count(first, step=2)
    await asyncio.gather(*(_write(store, numbers) for _ in range(WRITERS)))


async def _write(store: SqliteJournal, numbers: itertools.count[int]) -> None:
    for trans_id in numbers:
        row = bet(trans_id=trans_id, transaction_id=f"t-{trans_id}", round_id=f"r-{trans_id % 50}")
        (recorded,) = await committed(store, intent(row))
        _acknowledge(trans_id, 0)
        attempt = attempt_of(row, attempt_id=trans_id + 1)
        decided = replace(moving(accepted(recorded)), attempts=(attempt,))
        await committed(store, decided)
        _acknowledge(trans_id, 1)


def _acknowledge(trans_id: int, epoch: int) -> None:
    # One write of one short line: a kill cannot leave half of it.
    os.write(sys.stdout.fileno(), f"{trans_id} {epoch}\n".encode())


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
