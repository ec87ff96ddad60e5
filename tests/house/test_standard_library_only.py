"""What an operator installs without extras runs on the standard library alone."""

import ast
import sys
import tomllib

from tests.house.tree import ROOT, SOURCE, files, listed, named, tree

BARE_PACKAGES = ("protocol", "domain", "sdk", "certification")
OWN = {
    "protocol": ("meganodes.protocol",),
    "domain": ("meganodes.protocol", "meganodes.domain"),
    "sdk": ("meganodes.protocol", "meganodes.sdk"),
    "certification": ("meganodes.protocol", "meganodes.certification"),
}
# The certify extra: reports for people and machines, imported only where they are written.
EXTRA = {"certification/reports": ("rich", "junitparser", "jinja2")}


def imported(module: ast.Module) -> list[str]:
    """The full names of everything that a module imports; relative imports keep their dots."""
    names = []
    for node in ast.walk(module):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names.append("." * node.level + (node.module or ""))
    return names


def strangers(module: ast.Module, allowed: tuple[str, ...]) -> list[str]:
    return [
        name
        for name in imported(module)
        if name.split(".")[0] not in sys.stdlib_module_names and not _within(name, allowed)
    ]


def _within(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == root or name.startswith(f"{root}.") for root in allowed)


def test_bare_packages_import_nothing_that_must_be_installed() -> None:
    faults = []
    for package in BARE_PACKAGES:
        for path in files(SOURCE / package):
            inside = path.relative_to(SOURCE).as_posix()
            extra = [names for start, names in EXTRA.items() if inside.startswith(start)]
            allowed = OWN[package] + tuple(name for names in extra for name in names)
            faults += [f"{named(path)} imports {name}" for name in strangers(tree(path), allowed)]
    assert not faults, listed(faults)


def test_installing_it_brings_no_other_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["dependencies"] == []


def test_checker_finds_a_stranger() -> None:
    planted = ast.parse(
        "import json\nimport msgspec\nfrom meganodes.protocol import codes\n"
        "from meganodes.kit import clock\nfrom . import codes as neighbour\n"
    )
    assert strangers(planted, ("meganodes.protocol",)) == ["msgspec", "meganodes.kit", "."]
