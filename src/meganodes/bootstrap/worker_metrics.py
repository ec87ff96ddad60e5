"""The metrics of several workers as those of one hub.

Counters and histograms are added up, and what a worker that is gone has counted stays in the sum:
no series ever goes back. Of gauges some are added up, some are the same thing seen by each worker,
of which the highest is shown, and all others say which worker's they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

ACCUMULATING: Final = frozenset({"counter", "histogram"})
ADDED_UP: Final = frozenset({"meganodes_in_flight"})
"""Gauges whose sum over all workers is the hub's."""
SEEN_BY_ALL: Final = frozenset(
    {
        "meganodes_alerts_firing",
        "meganodes_circuit_open",
        "meganodes_circuits_open",
        "meganodes_disk_free_bytes",
        "meganodes_disk_size_bytes",
        "meganodes_draining",
        "meganodes_open_oldest_seconds",
        "meganodes_open_rounds",
        "meganodes_open_transactions",
        "meganodes_seal_lag_seconds",
        "meganodes_unplaced_entries",
    }
)
"""Gauges of what the workers have in common, or of what concerns all as soon as one has it."""

Labels = tuple[tuple[str, str], ...]
Series = tuple[str, Labels]
Values = dict[Series, float]


class Sample(msgspec.Struct, frozen=True, array_like=True):
    """One number; labels are sorted by name."""

    name: str
    labels: Labels
    value: float


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """The numbers of one name; ``kind`` is what Prometheus calls its type."""

    name: str
    help: str
    kind: str
    samples: list[Sample]


def families_of(collected: Iterable[Metric]) -> list[Family]:
    """Copy what a registry collects."""
    return [
        Family(
            name=metric.name,
            help=metric.documentation,
            kind=metric.type,
            samples=[
                Sample(each.name, tuple(sorted(each.labels.items())), each.value)
                for each in metric.samples
            ],
        )
        for metric in collected
    ]


class Shown(Collector):
    """Families as a registry's encoders want them."""

    def __init__(self, families: list[Family]) -> None:
        """Show these."""
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """Give them."""
        for family in self._families:
            metric = Metric(family.name, family.help, family.kind)
            for sample in family.samples:
                metric.add_sample(sample.name, dict(sample.labels), sample.value)
            yield metric


class GroupMetrics:
    """What all workers of a group have counted since it began. Workers are named by numbers."""

    def __init__(self) -> None:
        """Begin with no worker."""
        self._latest: dict[int, list[Family]] = {}
        self._ended: dict[str, Values] = {}
        self._heads: dict[str, Family] = {}

    def take(self, worker: int, families: list[Family]) -> None:
        """Note what a worker says now."""
        now = {family.name: _values(family) for family in families}
        for family in self._latest.get(worker, ()):
            self._keep(family, now.get(family.name, {}))
        self._latest[worker] = families
        for family in families:
            self._heads[family.name] = Family(
                name=family.name, help=family.help, kind=family.kind, samples=[]
            )

    def end(self, worker: int) -> None:
        """Note that a worker is gone: what it counted stays."""
        for family in self._latest.pop(worker, ()):
            self._keep(family, {})

    def families(self, seats: Mapping[int, int]) -> list[Family]:
        """Give all together. ``seats`` names the workers whose gauges count, and their labels."""
        return [
            Family(
                name=head.name,
                help=head.help,
                kind=head.kind,
                samples=[
                    Sample(name, labels, value)
                    for (name, labels), value in self._together(head, seats).items()
                ],
            )
            for head in self._heads.values()
        ]

    def _keep(self, family: Family, now: Values) -> None:
        """Keep what a worker no longer says: it is gone, or it has begun to count anew."""
        if family.kind not in ACCUMULATING:
            return
        ended = self._ended.setdefault(family.name, {})
        for series, value in _values(family).items():
            if series not in now or now[series] < value:
                ended[series] = ended.get(series, 0) + value

    def _together(self, head: Family, seats: Mapping[int, int]) -> Values:
        together: Values = dict(self._ended.get(head.name, {}))
        for worker, families in self._latest.items():
            for family in families:
                if family.name == head.name:
                    _add(together, family, seats.get(worker))
        return together


def _add(together: Values, family: Family, seat: int | None) -> None:
    """Add a worker's numbers; one without a seat is on its way out and has only counts to give."""
    if family.kind in ACCUMULATING or family.name in ADDED_UP:
        for series, value in _values(family).items():
            together[series] = together.get(series, 0) + value
    elif seat is None:
        return
    elif family.kind == "info" or family.name in SEEN_BY_ALL:
        for series, value in _values(family).items():
            together[series] = max(together.get(series, value), value)
    else:
        for (name, labels), value in _values(family).items():
            together[name, tuple(sorted((*labels, ("worker", str(seat)))))] = value


def _values(family: Family) -> Values:
    return {(sample.name, sample.labels): sample.value for sample in family.samples}
