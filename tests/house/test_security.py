"""Each security check is named by a test or says why it has none yet.

The register is tests/security.toml, after reliability 3.10 and 3.11. A marker counts only on a
test: `@pytest.mark.security("<id>")`.
"""

import tomllib

from tests.house.registers import named_ids, strays, unknown_ids
from tests.house.tree import ROOT, listed

MARKER = "security"
REGISTER = ROOT / "tests/security.toml"
LEAKAGE = "leakage"
SENTENCE_LENGTH_MIN = 20


def register() -> dict[str, dict[str, str]]:
    checks: dict[str, dict[str, str]] = tomllib.loads(REGISTER.read_text())
    return checks


def untested(checks: dict[str, dict[str, str]], proved: set[str]) -> list[str]:
    """The checks that no test names and that give no reason."""
    return [
        f"{check}: {entry['says']}"
        for check, entry in checks.items()
        if check not in proved and "untested" not in entry
    ]


def proved() -> set[str]:
    return named_ids(MARKER)


def test_every_check_is_named_by_a_test_or_says_why_not() -> None:
    missing = untested(register(), proved())
    assert not missing, listed(missing)


def test_a_check_that_has_a_test_gives_no_reason_for_having_none() -> None:
    assert [each for each in proved() if "untested" in register().get(each, {})] == []


def test_every_named_check_exists() -> None:
    unknown = unknown_ids(MARKER, register(), "tests/security.toml")
    assert not unknown, listed(unknown)


def test_every_marker_stands_on_a_test() -> None:
    found = strays(MARKER)
    assert not found, listed(found)


def test_the_register_is_whole_and_well_formed() -> None:
    assert list(register()) == [*(f"S{number}" for number in range(1, 33)), LEAKAGE]
    for check, entry in register().items():
        assert entry.keys() <= {"says", "untested", "open"}, check
        for sentence in entry.values():
            assert sentence.endswith("."), f"{check}: a sentence"
            assert len(sentence) >= SENTENCE_LENGTH_MIN, f"{check}: say what holds"


def test_checker_finds_a_check_without_a_test() -> None:
    checks = {"S1": {"says": "One."}, "S2": {"says": "Two.", "untested": "Because."}}
    assert untested(checks, set()) == ["S1: One."]
    assert untested(checks, {"S1"}) == []
