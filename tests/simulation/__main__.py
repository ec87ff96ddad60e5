"""Play seeds of the simulation: `python -m tests.simulation --seed 7`, `--seeds 1-100`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator

from tests.simulation.many import ROUNDS, Judged, Total, each_judged, judged
from tests.simulation.minimise import Cut, fails_alike, minimise


def main(arguments: list[str] | None = None) -> int:
    """Play what is asked for; 1 when an invariant is broken."""
    asked = _parser().parse_args(arguments)
    total = Total()
    for run in _runs(asked):
        total.add(run)
        _tell(run, as_json=asked.json)
    if not asked.json:
        print(total.summary())
    if asked.minimise and asked.seeds is None and total.found:
        cut = _cut(asked)
        print(f"smallest: {minimise(cut, fails_alike(cut), print).arguments()}")
    return int(bool(total.found))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--seed", type=int, help="one seed")
    which.add_argument("--seeds", help="many of them: 1-100")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds of a seed")
    parser.add_argument("--processes", type=int, default=1, help="for --seeds")
    parser.add_argument("--minimise", action="store_true", help="shrink a seed that fails")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each seed")
    for name in ("agents", "providers", "nodes"):
        parser.add_argument(f"--{name}", type=int, default=0, help=f"so many {name} only")
    parser.add_argument(
        "--without", default="", help="strengths to switch off: line.late,store.lost"
    )
    return parser


def _runs(asked: argparse.Namespace) -> Iterator[Judged]:
    if asked.seeds is None:
        yield judged(_cut(asked).plan())
        return
    first, _, last = asked.seeds.partition("-")
    yield from each_judged(range(int(first), int(last or first) + 1), asked.rounds, asked.processes)


def _cut(asked: argparse.Namespace) -> Cut:
    return Cut(
        seed=asked.seed,
        rounds=asked.rounds,
        without=tuple(name for name in asked.without.split(",") if name),
        agents=asked.agents,
        providers=asked.providers,
        nodes=asked.nodes,
    )


def _tell(run: Judged, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(run.as_json), flush=True)
        return
    figures = run.figures
    print(
        f"seed {run.seed}: {figures['transactions']:.0f} transactions, "
        f"{figures['faults_per_1000']:.0f} faults per 1,000 messages, "
        f"{figures['kills']:.0f} kills, "
        f"{run.reported} explained, {len(run.found)} violations, {run.digest[:12]}",
        flush=True,
    )
    for sentence in run.found:
        print(f"  {sentence}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
