"""`make mutation [MODULE=...]`: plant each fault, count those that the tests notice, record it."""

from __future__ import annotations

import sys
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

from tools.mutation import figures
from tools.mutation.mutants import Mutant, mutants_of
from tools.mutation.trial import Subject, Verdict, judge, prepare

ROOT = Path(__file__).resolve().parents[2]
PLAN = Path(__file__).with_name("plan.toml")
AGAIN = "--again"


def subjects() -> dict[str, Subject]:
    """Every module that is judged, by its dotted name, with the tests of the plan."""
    found: dict[str, Subject] = {}
    plan = tomllib.loads(PLAN.read_text())
    for name, order in plan["judged"].items():
        for path in sorted((ROOT / "src/meganodes" / name).glob(order["files"])):
            module = f"meganodes.{name}.{path.stem}"
            if path.stem != "__init__" and module not in plan["left_out"]:
                own = sorted((ROOT / f"tests/unit/{name}").glob(f"test_{path.stem}.py"))
                others = [ROOT / test for test in order["tests"]]
                tests = tuple(str(each.relative_to(ROOT)) for each in (*own, *others))
                found[module] = Subject(module=module, path=path, tests=tests)
    return found


def chosen(words: Sequence[str], among: Sequence[str]) -> list[str]:
    """The modules that are named, wholly or by their package; all of them without a word."""
    named = [word if word.startswith("meganodes.") else f"meganodes.{word}" for word in words]
    return [
        module
        for module in among
        if not named or any(module == each or module.startswith(each + ".") for each in named)
    ]


def survivors(subject: Subject, among: Sequence[Mutant]) -> list[str]:
    """Try mutants of one module; give the names of those that nobody noticed."""
    survived: list[Mutant] = []
    began, done = time.monotonic(), 0

    def told(mutant: Mutant, verdict: Verdict) -> None:
        nonlocal done
        done += 1
        if verdict is Verdict.SURVIVED:
            survived.append(mutant)
            print(f"  line {mutant.line}: {mutant.name}", flush=True)

    print(f"{subject.module}: {len(among)} mutants", flush=True)
    judge(subject, among, told)
    assert done == len(among)
    print(f"  {len(survived)} survived, {time.monotonic() - began:.0f} s", flush=True)
    return [mutant.name for mutant in sorted(survived, key=lambda each: each.line)]


def left_over(module: str, mutants: Sequence[Mutant]) -> list[Mutant]:
    """Those that survived the last run: enough to try when only tests were added since."""
    survived = figures.recorded().get(module, {}).get("survived", ())
    assert isinstance(survived, list | tuple)
    return [mutant for mutant in mutants if mutant.name in survived]


def main(words: Sequence[str]) -> int:
    """Exit code 1 when a package's score is not above the gate. --again: last survivors alone."""
    known = subjects()
    modules = chosen([word for word in words if word != AGAIN], list(known))
    if not modules:
        print(f"there is no such module; there are {', '.join(known)}", file=sys.stderr)
        return 2
    prepare()
    for module in modules:
        source = known[module].source
        mutants = mutants_of(source)
        among = left_over(module, mutants) if AGAIN in words else mutants
        figures.record(module, source, len(mutants), survivors(known[module], among))
    print(figures.table(), end="")
    return 0 if figures.is_good() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
