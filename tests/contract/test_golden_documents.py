"""A change of the wire shows here: the documents of both APIs against the ones in golden/."""

from __future__ import annotations

import difflib

import pytest

from meganodes.main_api.reference.documents import document_text
from tools.golden import COMMAND, FILES, golden_file

LINES_SHOWN = 120


def difference(golden: str, present: str, name: str) -> str:
    """What has changed, line by line with its surroundings; "" for nothing."""
    lines = list(
        difflib.unified_diff(
            golden.splitlines(), present.splitlines(), f"golden/{name}", "now", lineterm="", n=6
        )
    )
    cut = [f"... and {len(lines) - LINES_SHOWN} lines more"] if len(lines) > LINES_SHOWN else []
    return "\n".join([*lines[:LINES_SHOWN], *cut])


@pytest.mark.parametrize("api", FILES)
def test_wire_is_the_golden_one(api: str) -> None:
    changed = difference(golden_file(api).read_text(), document_text(api), FILES[api])
    assert not changed, (
        f"The wire has changed.\n{changed}\n"
        f"If that is meant: {COMMAND}, read the difference, and tell it in CHANGELOG.md."
    )


def test_difference_names_the_place() -> None:
    golden = '{\n  "paths": {\n    "/v4/user/info": 1\n  }\n}\n'
    changed = difference(golden, golden.replace("1", "2"), "main-api.openapi.json")
    assert '-    "/v4/user/info": 1' in changed
    assert '+    "/v4/user/info": 2' in changed
    assert difference(golden, golden, "x") == ""


def test_long_difference_is_cut() -> None:
    changed = difference("", "x\n" * 1000, "x")
    assert changed.endswith("lines more")
    assert len(changed.splitlines()) == LINES_SHOWN + 1
