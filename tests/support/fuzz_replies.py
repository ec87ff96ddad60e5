"""Fuzz the reader of answers, led by the coverage of its own code: ``make fuzz-replies``.

Runs as a process of its own, since libFuzzer never gives one back. The first thing wrong is kept in
the folder as an input, and belongs into `tests/support/fuzzed_findings.py`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(
    include=["meganodes.protocol", "meganodes.callbacks.reader", "meganodes.callbacks.interpret"]
):
    from tests.support.reply_fuzzing import ReplyFuzz
from tests.support.fuzzed_findings import DICTIONARY, seeds

LONGEST_BYTES = 1_024
HANG_SECONDS = 10
SLOW_KEPT = 50
REPORT_EVERY = 20_000


def main(arguments: list[str]) -> None:
    """Make so many executions from a seed, print the figures, end with 0 if nothing was wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True, help="1 or more")
    parser.add_argument("--folder", type=Path, required=True, help="corpus and findings")
    options = parser.parse_args(arguments)
    corpus = options.folder / "corpus"
    corpus.mkdir(parents=True)
    for number, seed in enumerate(seeds()):
        (corpus / f"seed-{number}").write_bytes(seed)
    words = options.folder / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in DICTIONARY))
    fuzz = ReplyFuzz()
    calls = 0

    def one(data: bytes) -> None:
        nonlocal calls
        calls += 1
        fuzz.one(data)
        if calls == options.runs or calls % REPORT_EVERY == 0:
            report(fuzz, calls, options.folder)

    atheris.Setup(
        [
            sys.argv[0],
            f"-runs={options.runs}",
            f"-seed={options.seed}",
            f"-max_len={LONGEST_BYTES}",
            f"-timeout={HANG_SECONDS}",
            f"-dict={words}",
            f"-artifact_prefix={options.folder}/",
            "-print_final_stats=1",
            str(corpus),
        ],
        one,
    )
    atheris.Fuzz()


def report(fuzz: ReplyFuzz, calls: int, folder: Path) -> None:
    """Write down what was measured, and what seemed slow: to be judged where nothing is watched.

    libFuzzer ends the process by itself, with no word to Python, so this is done on the way.
    """
    (folder / "figures").write_text(f"{calls} {fuzz.measured}\n")
    for number, data in enumerate(sorted(fuzz.slow, key=fuzz.slow.__getitem__)[-SLOW_KEPT:]):
        (folder / f"slow-{number}").write_bytes(data)


def _escaped(word: bytes) -> str:
    return "".join(f"\\x{byte:02x}" for byte in word)


if __name__ == "__main__":
    main(sys.argv[1:])
