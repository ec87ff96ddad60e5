"""Each rule of the contract is named by a test, and each name in a test is a rule.

The inventory is tests/rules.toml. A marker counts only on a test: `@pytest.mark.rule("<id>")`.
"""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from tests.house.markers import marked_ids, stray_calls
from tests.house.registers import named_ids, strays, unknown_ids
from tests.house.tree import ROOT, listed

MARKER = "rule"
INVENTORY = ROOT / "tests/rules.toml"
SECTIONS = ("1-", "2.1-", "2.2-", "2.3-", "3-", "3.1-", "3.2-", "3.3-", "3.4-", "3.5-", "4-")
SENTENCE_LENGTH_MIN = 20


def inventory() -> dict[str, str]:
    rules: dict[str, str] = tomllib.loads(INVENTORY.read_text())["rules"]
    return rules


def test_every_rule_is_named_by_a_test() -> None:
    rules = inventory()
    assert rules
    shown = named_ids(MARKER)
    unnamed = [f"{rule}: {sentence}" for rule, sentence in rules.items() if rule not in shown]
    assert not unnamed, listed([f"{len(unnamed)} of {len(rules)} rules have no test:", *unnamed])


def test_every_named_rule_exists() -> None:
    unknown = unknown_ids(MARKER, inventory(), "tests/rules.toml")
    assert not unknown, listed(unknown)


def test_every_marker_stands_on_a_test() -> None:
    found = strays(MARKER)
    assert not found, listed(found)


def test_inventory_is_well_formed() -> None:
    for rule, sentence in inventory().items():
        assert rule.startswith(SECTIONS), f"{rule}: start with the section"
        assert re.fullmatch(r"[0-9.]+-[a-z0-9-]+", rule), f"{rule}: lower case, digits, hyphens"
        assert sentence.endswith("."), f"{rule}: one sentence"
        assert len(sentence) >= SENTENCE_LENGTH_MIN, f"{rule}: say what holds"


@pytest.mark.parametrize("section", SECTIONS)
def test_inventory_covers_every_section(section: str) -> None:
    assert any(rule.startswith(section) for rule in inventory())


PLANTED = """
@pytest.mark.rule("3.1-one", "3.1-two")
def test_a(): ...

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.rule("3.1-three"))])
async def test_b(x): ...

class TestC:
    @pytest.mark.rule("3.1-four")
    def test_d(self): ...

@pytest.mark.rule("3.1-no-test")
def builder(): ...

@pytest.mark.rule(NAME)
def test_e(): ...
"""


def test_checker_counts_markers_of_tests_only() -> None:
    planted = ast.parse(PLANTED)
    assert marked_ids(planted, MARKER) == {"3.1-one", "3.1-two", "3.1-three", "3.1-four"}
    assert len(stray_calls(planted, Path("planted.py").name, MARKER)) == 2
