"""What a parent knows of its workers, and what it says of all of them together."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from meganodes.bootstrap.worker_line import About
from meganodes.bootstrap.worker_metrics import Family, GroupMetrics, Sample
from meganodes.bootstrap.worker_process import WorkerProcess

_FAMILIES: Final = msgspec.json.Decoder(list[Family] | None)
_CHECKS: Final = msgspec.json.Decoder(dict[str, bool] | None)


class GroupSight:
    """The workers that have not ended, and the counts of those that have."""

    def __init__(self) -> None:
        """Begin with no worker."""
        self.is_ending = False
        self.restarts = 0
        """How many workers died that nobody had told to end."""
        self._workers: dict[int, WorkerProcess] = {}
        self._metrics = GroupMetrics()

    def workers(self) -> list[WorkerProcess]:
        """Give those that have not ended, the ones that leave too."""
        return list(self._workers.values())

    def serving(self) -> list[WorkerProcess]:
        """Give those that take new calls."""
        return [worker for worker in self._workers.values() if worker.is_serving]

    def add(self, worker: WorkerProcess) -> None:
        """Note a worker that was started."""
        self._workers[worker.number] = worker

    def remove(self, worker: WorkerProcess) -> None:
        """Note that a worker has ended; its counts stay as it said them last."""
        del self._workers[worker.number]
        self._take(worker, worker.parting)
        self._metrics.end(worker.number)

    async def health(self) -> dict[str, bool]:
        """Say whether calls are welcome: every worker that would get one has to be well.

        One that is gone gets none, the others do; one that does not answer would keep its callers
        waiting.
        """
        serving = self.serving()
        answers = await asyncio.gather(*(worker.ask(About.HEALTH) for worker in serving))
        checks = {"accepting": not self.is_ending, "workers": bool(serving)}
        for worker, answer in zip(serving, answers, strict=True):
            said = None if answer is None else _CHECKS.decode(answer)
            if said is None:  # one that has died in this moment gets no calls any more
                checks["workers"] &= not worker.is_serving
                continue
            for name, good in said.items():
                checks[name] = checks.get(name, True) and good
        return checks

    async def metrics(self) -> list[Family]:
        """Ask everybody, and add up."""
        asked = [worker for worker in self._workers.values() if worker.has_served]
        answers = await asyncio.gather(*(worker.ask(About.METRICS) for worker in asked))
        seats = {}
        for worker, answer in zip(asked, answers, strict=True):
            if worker.number in self._workers and self._take(worker, answer) and worker.is_serving:
                seats[worker.number] = worker.seat
        return [*self._metrics.families(seats), *self.own()]

    def _take(self, worker: WorkerProcess, answer: bytes | None) -> bool:
        families = None if answer is None else _FAMILIES.decode(answer)
        if families is None:
            return False
        self._metrics.take(worker.number, families)
        return True

    def own(self) -> list[Family]:
        """Give what only the parent knows."""
        return [
            Family(
                name="meganodes_workers",
                help="Workers that take calls.",
                kind="gauge",
                samples=[Sample("meganodes_workers", (), len(self.serving()))],
            ),
            Family(
                name="meganodes_worker_restarts",
                help="Workers that died and were replaced.",
                kind="counter",
                samples=[Sample("meganodes_worker_restarts_total", (), self.restarts)],
            ),
        ]
