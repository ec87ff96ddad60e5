"""Each line of the failure model and each invariant is named by a test that shows it.

The register is tests/reliability.toml, after reliability 2.6 and 2.7. A marker counts only on a
test: `@pytest.mark.reliability("<id>")`.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping

from tests.house.registers import named_ids, strays, unknown_ids
from tests.house.tree import ROOT, listed

MARKER = "reliability"
REGISTER = ROOT / "tests/reliability.toml"
SENTENCE_LENGTH_MIN = 20
LINES = {"bet": 18, "cancel": 9, "win": 9, "database": 9}
"""How many lines each table of reliability 2.6 has."""
INVARIANTS = [f"I{number}" for number in range(1, 15)]


def register() -> dict[str, dict[str, str]]:
    lines: dict[str, dict[str, str]] = tomllib.loads(REGISTER.read_text())
    return lines


def unshown(lines: Mapping[str, Mapping[str, str]], shown: Iterable[str]) -> list[str]:
    """The lines that no test names."""
    missing = lines.keys() - set(shown)
    return [f"{line}: {entry['says']}" for line, entry in lines.items() if line in missing]


def test_every_line_is_named_by_a_test() -> None:
    missing = unshown(register(), named_ids(MARKER))
    assert not missing, listed(missing)


def test_every_named_line_exists() -> None:
    unknown = unknown_ids(MARKER, register(), "tests/reliability.toml")
    assert not unknown, listed(unknown)


def test_every_marker_stands_on_a_test() -> None:
    found = strays(MARKER)
    assert not found, listed(found)


def test_the_register_is_whole() -> None:
    tables = [match[1] for line in register() if (match := re.match(r"2\.6-([a-z]+)-", line))]
    assert {table: tables.count(table) for table in tables} == LINES
    assert [line for line in register() if line.startswith("I")] == INVARIANTS
    assert len(register()) == len(tables) + len(INVARIANTS)


def test_the_register_is_well_formed() -> None:
    for line, entry in register().items():
        assert entry.keys() <= {"says", "open"}, line
        assert re.fullmatch(r"2\.6-[a-z0-9-]+|I[0-9]+", line), line
        for sentence in entry.values():
            assert sentence.endswith("."), f"{line}: a sentence"
            assert len(sentence) >= SENTENCE_LENGTH_MIN, f"{line}: say what holds"


def test_checker_finds_a_line_without_a_test() -> None:
    lines = {"I1": {"says": "One."}, "I2": {"says": "Two."}}
    assert unshown(lines, {"I1"}) == ["I2: Two."]
    assert unshown(lines, {"I1", "I2"}) == []
