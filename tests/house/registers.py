"""What every inventory of things to be shown asks of the markers in the tests."""

from collections.abc import Container

from tests.house.markers import marked_ids, stray_calls
from tests.house.tree import ROOT, files, named, tree


def named_ids(marker: str) -> set[str]:
    """Every id that a test of this repository names with this marker."""
    return {each for path in files(ROOT / "tests") for each in marked_ids(tree(path), marker)}


def unknown_ids(marker: str, known: Container[str], register: str) -> list[str]:
    """The ids that tests name and the register does not list, a sentence each."""
    return [
        f"{named(path)} names {each!r}, which {register} does not list"
        for path in files(ROOT / "tests")
        for each in sorted(marked_ids(tree(path), marker))
        if each not in known
    ]


def strays(marker: str) -> list[str]:
    """The markers that stand on no test, or whose ids are not written out."""
    return [
        fault
        for path in files(ROOT / "tests")
        for fault in stray_calls(tree(path), named(path), marker)
    ]
