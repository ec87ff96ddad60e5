"""A worker that only behaves as one: `worker_program.py FOLDER --post SEAT,LISTENER,LINE`.

What it does is told by files in the folder: `exit-N` ends it with status N before it is ready,
`hang` keeps it from ever being ready, `deaf` from ending. It writes its pid into `pid-SEAT`, how it
was told to end into `told-SEAT`, and has counted one call.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from meganodes.bootstrap.worker_line import About
from meganodes.bootstrap.worker_member import Post, a_member
from meganodes.bootstrap.worker_metrics import Family, Sample


class Ending:
    """Ends when it is told to, and remembers how."""

    def __init__(self, folder: Path, seat: int) -> None:
        """Write into this folder."""
        self.told = asyncio.Event()
        self._place = folder / f"told-{seat}"

    def stop(self) -> None:
        """The group ends."""
        self._place.write_text("stop")
        self.told.set()

    def retire(self) -> None:
        """Another one has the seat."""
        self._place.write_text("retire")
        self.told.set()


async def metrics() -> list[Family]:
    """One counted call, whoever asks."""
    calls = Sample("calls_total", (), 1.0)
    return [Family(name="calls", help="Calls.", kind="counter", samples=[calls])]


async def health() -> dict[str, bool]:
    """All is well."""
    return {"journal": True}


def orders_in(folder: Path) -> list[str]:
    """Read what was ordered."""
    return [path.name for path in folder.iterdir()]


async def obey(orders: list[str]) -> None:
    """Do what keeps a worker from being ready, if that was ordered."""
    for order in orders:
        if order.startswith("exit-"):
            sys.exit(int(order.removeprefix("exit-")))
    if "hang" in orders:
        await asyncio.Event().wait()


async def work(folder: Path, post: Post) -> None:
    """Be a worker until told to end."""
    async with a_member(post) as member:
        assert member is not None
        ending = Ending(folder, post.seat)
        await obey(orders_in(folder))
        (folder / f"pid-{post.seat}").write_text(str(os.getpid()))
        member.serves("a node", ending, {About.METRICS: metrics, About.HEALTH: health})
        await ending.told.wait()
        if not (folder / "deaf").exists():
            await member.part()
            return
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(work(Path(sys.argv[1]), Post.read(sys.argv[3])))
