"""Write the tables of the protocol's pages from the protocol itself.

A table stands between `<!-- made: NAME -->` and `<!-- end -->`. `python3 -m tools.protocol_tables`
writes them anew; a test fails while one says something else than the code.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))

from meganodes.protocol.codes import ResultCode  # noqa: E402 - found by the line above
from meganodes.protocol.commands import (  # noqa: E402
    DEADLINE_SECONDS,
    Command,
    Revision,
    check_text,
)
from meganodes.protocol.replies import results  # noqa: E402

FOLDER: Final = ROOT / "docs/protocol"
_TABLE: Final = re.compile(r"(<!-- made: ([\w-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def results_table() -> str:
    """Every result: number, name, sentence, and the commands that may be answered with it."""
    rows = ["| result | name | meaning | answered to |", "|---|---|---|---|"]
    rows += [
        f"| {code.value} | `{code.name}` | {code.sentence} | {_answered_to(code)} |"
        for code in ResultCode
    ]
    return "\n".join(rows) + "\n"


def _answered_to(code: ResultCode) -> str:
    taking = {
        command: [revision for revision in Revision if code in results(command, revision)]
        for command in Command
    }
    if all(len(revisions) == len(Revision) for revisions in taking.values()):
        return "every command"
    return ", ".join(_named(command, taken) for command, taken in taking.items() if taken)


def _named(command: Command, revisions: list[Revision]) -> str:
    """Name a command, and the revision where it is one only."""
    every = len(revisions) == len(Revision)
    return command.value if every else f"{command} (revision `{revisions[0]}`)"


def checks_table() -> str:
    """The checks of every command in both revisions, and its deadline."""
    rows = [
        "| command | check, revision `guid` | check, revision `id` | deadline |",
        "|---|---|---|---|",
    ]
    rows += [
        f"| `{command}` | `{check_text(command, Revision.GUID)}` |"
        f" `{check_text(command, Revision.ID)}` | {DEADLINE_SECONDS[command]:.0f} s |"
        for command in Command
    ]
    return "\n".join(rows) + "\n"


def answers_table() -> str:
    """Which results each command may be answered with, by revision: the reference of a backend."""
    rows = ["| command | revision `guid` | revision `id` |", "|---|---|---|"]
    rows += [
        f"| `{command}` | "
        + " | ".join(", ".join(map(str, results(command, revision))) for revision in Revision)
        + " |"
        for command in Command
    ]
    return "\n".join(rows) + "\n"


TABLES: Final[Mapping[str, Callable[[], str]]] = {
    "results": results_table,
    "answers": answers_table,
    "checks": checks_table,
}


def page(text: str) -> str:
    """Give a page with its tables written anew; raises `KeyError` for a table nobody makes."""
    return _TABLE.sub(lambda found: found[1] + TABLES[found[2]]() + found[3], text)


def names(text: str) -> list[str]:
    """The tables that a page has."""
    return [found[2] for found in _TABLE.finditer(text)]


def main() -> None:
    """Write every page that has tables."""
    for path in sorted(FOLDER.glob("*.md")):
        text = path.read_text("utf-8")
        if (written := page(text)) != text:
            path.write_text(written, "utf-8")
            print(f"{path.relative_to(ROOT)} is written.")


if __name__ == "__main__":
    main()
