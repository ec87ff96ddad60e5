"""A steady evening on one hub: it neither grows nor errs (reliability 3.7)."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.soak.slices import Counts, Slice
from tests.support.many_agents import Player, an_installation
from tests.support.studio_load import Load, at_a_rate, percentile
from tests.support.troubled_backends import Backend, backends

AGENTS = 20
ROUNDS_PER_SECOND = 60
WINDOW_SECONDS = 30.0
WARM_SHARE = 0.25
WARM_SECONDS_MAX = 600.0
GROWTH_MAX = 1.05
SETTLED_TRIES = 120


@dataclass(frozen=True, slots=True)
class Size:
    """How large the hub's process is."""

    memory_kib: int
    files: int
    threads: int


def size_of(pid: int) -> Size:
    """Look at a process from outside."""
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    files = len(list(Path(f"/proc/{pid}/fd").iterdir()))
    return Size(int(status["VmRSS"].split()[0]), files, int(status["Threads"]))


async def load(ran: Slice) -> Counts:
    """Play 60 rounds a second; every answer is 0, and memory stays what it was once warm."""
    warm_seconds = min(WARM_SECONDS_MAX, ran.seconds * WARM_SHARE)
    async with (
        backends(AGENTS) as made,
        an_installation(ran.folder, [each.url for each in made], 0) as installation,
    ):
        await installation.start({})
        studio = Load(port=installation.port, token=installation.provider_token)
        seconds: list[float] = []
        evening = _Evening(studio, installation.players)
        began = time.monotonic()
        warm: Size | None = None
        while (left := began + ran.seconds - time.monotonic()) > 0:
            await evening.play(min(WINDOW_SECONDS, left))
            seconds += [each.seconds for each in studio.answers]
            # In what is left of the last window there may be no time for a single round.
            codes = Counter(each.code for each in studio.answers)
            assert codes.keys() <= {0}, f"answers that were not 0: {dict(codes)}"
            studio.answers.clear()
            if warm is None and time.monotonic() - began >= warm_seconds:
                warm = size_of(installation.pid)
            ran.tell(f"{left:.0f} s left: {len(seconds)} calls, {size_of(installation.pid)}")
        at_end = size_of(installation.pid)
        studio.close()
        assert warm is not None
        await _books_agree(made, rounds=len(seconds) // 2)
    assert at_end.memory_kib <= warm.memory_kib * GROWTH_MAX, (warm, at_end)
    assert at_end.files <= warm.files + AGENTS, (warm, at_end)
    assert at_end.threads <= warm.threads, (warm, at_end)
    return {
        "rounds": len(seconds) // 2,
        "p50_ms": round(percentile(seconds, 50) * 1_000, 1),
        "p99_ms": round(percentile(seconds, 99) * 1_000, 1),
        "warm_kib": warm.memory_kib,
        "end_kib": at_end.memory_kib,
        "warm_files": warm.files,
        "end_files": at_end.files,
    }


class _Evening:
    """Plays numbered rounds, for some seconds at a time."""

    def __init__(self, studio: Load, players: Sequence[Player]) -> None:
        self._studio = studio
        self._players = players
        self._names = itertools.count()

    async def play(self, seconds: float) -> None:
        await at_a_rate(ROUNDS_PER_SECOND, seconds, self._players, self._begin)

    async def _begin(self, player: Player) -> None:
        await self._studio.round(player.session, f"soak-{next(self._names)}")


async def _books_agree(made: Sequence[Backend], rounds: int) -> None:
    """Each round's bet and win stand once in a backend's books."""
    for _ in range(SETTLED_TRIES):
        bets = sum(len(each.ledger.bets) for each in made)
        wins = sum(len(each.ledger.wins) for each in made)
        if (bets, wins) == (rounds, rounds):
            break
        await asyncio.sleep(0.5)
    assert (bets, wins) == (rounds, rounds), (bets, wins, rounds)
    assert all(set(each.ledger.arrivals.values()) <= {1} for each in made), "a bet was sent twice"
