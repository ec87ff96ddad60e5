"""What mutation has found so far: recorded per module, told per package, held against the gate."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RECORD = ROOT / "docs/reliability-figures/mutation.json"
EQUIVALENT = Path(__file__).with_name("equivalent.toml")
GATE_PERCENT = 85


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The sums of a package. Mutants that change nothing anybody could notice do not count."""

    mutants: int
    equivalent: int
    killed: int

    @property
    def percent(self) -> float:
        """The share of the others that was noticed."""
        counted = self.mutants - self.equivalent
        return 100 * self.killed / counted if counted else 100.0


def record(module: str, source: str, mutants: int, survived: list[str]) -> None:
    """Write down what a run found of one module; other modules keep what was found of them."""
    found = recorded()
    found[module] = {"source": digest(source), "mutants": mutants, "survived": survived}
    RECORD.parent.mkdir(parents=True, exist_ok=True)
    RECORD.write_text(json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


def recorded() -> dict[str, dict[str, object]]:
    """What was found of each module."""
    if not RECORD.exists():
        return {}
    found: dict[str, dict[str, object]] = json.loads(RECORD.read_text())
    return found


def digest(source: str) -> str:
    """The beginning of a source's SHA-256: whether a record is of the code as it is now."""
    return hashlib.sha256(source.encode()).hexdigest()[:16]


def equivalents() -> dict[str, dict[str, str]]:
    """Mutants that change nothing, by module and name, each with the reason."""
    known: dict[str, dict[str, str]] = tomllib.loads(EQUIVALENT.read_text())
    return known


def scores(
    found: Mapping[str, Mapping[str, object]], excused: Mapping[str, Mapping[str, str]]
) -> dict[str, Score]:
    """Sum up by package."""
    sums: dict[str, Score] = {}
    for module, each in found.items():
        package = module.split(".")[1]
        survived, mutants = each["survived"], each["mutants"]
        assert isinstance(survived, list)
        assert isinstance(mutants, int)
        equivalent = len(set(survived) & excused.get(module, {}).keys())
        so_far = sums.get(package, Score(mutants=0, equivalent=0, killed=0))
        sums[package] = Score(
            mutants=so_far.mutants + mutants,
            equivalent=so_far.equivalent + equivalent,
            killed=so_far.killed + mutants - len(survived),
        )
    return sums


def is_good() -> bool:
    """Whether every package is above the gate."""
    return all(score.percent > GATE_PERCENT for score in scores(recorded(), equivalents()).values())


def table() -> str:
    """The scores for the terminal."""
    lines = [f"{'package':<12}{'mutants':>9}{'equivalent':>12}{'killed':>8}{'score':>9}"]
    for package, score in scores(recorded(), equivalents()).items():
        lines.append(
            f"{package:<12}{score.mutants:>9}{score.equivalent:>12}{score.killed:>8}"
            f"{score.percent:>8.1f}%"
        )
    return "\n".join(lines) + "\n"
