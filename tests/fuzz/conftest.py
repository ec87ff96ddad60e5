"""What the fuzzers share: a town of its own for each operation, and a word on how to repeat."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
import structlog

from meganodes.protocol.codes import ApiCode
from tests.support.fuzzing import EXAMPLES, SEED, Target, a_target


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Notice at once when two operations share an id: `pytest -n` would run one of them only."""
    fuzzed = [item.nodeid for item in items if item.nodeid.startswith("tests/fuzz/")]
    assert len(fuzzed) == len(set(fuzzed)), "see NAMED_APART in tests/support/fuzzing.py"


@pytest.fixture
def target() -> Iterator[Target]:
    """A running town; what it logs about thousands of bad calls is nobody's concern."""
    before = structlog.get_config()
    silent = structlog.make_filtering_bound_logger(logging.CRITICAL)
    with a_target() as made:
        structlog.configure(wrapper_class=silent)
        yield made
    structlog.configure(**before)
    assert len(made.codes) > 1, f"the examples were all answered alike: {made.codes}"
    assert ApiCode.OK in made.codes or ApiCode.PERMISSION_ERROR in made.codes, made.codes


@pytest.fixture(autouse=True)
def _repeatable(request: pytest.FixtureRequest) -> None:
    """Say with every failure how it is found again."""
    told = f"repeat with: make fuzz EXAMPLES={EXAMPLES} SEED={SEED}"
    request.node.add_report_section("setup", "fuzzing", told)
