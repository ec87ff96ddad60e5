"""The surface of the SDK is pinned: a name that operators use does not change by accident."""

import ast
from pathlib import Path

from tests.house.tree import ROOT, SOURCE, files, tree

PINNED = ROOT / "tests/house/sdk_exports.txt"


def public_names(module: ast.Module) -> list[str]:
    """`__all__` where a module has one, else what it defines without a leading underscore."""
    for node in module.body:
        if isinstance(node, ast.Assign) and _targets(node) == ["__all__"]:
            names: list[str] = ast.literal_eval(node.value)
            return sorted(names)
    names = []
    for node in module.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.append(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            names += _targets(node)
    return sorted(name for name in names if not name.startswith("_"))


def _targets(node: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def surface(package: Path) -> str:
    """One line for each public name: `meganodes.sdk.backend Bet`."""
    lines = []
    for path in files(package):
        module = ".".join(["meganodes", *path.relative_to(package.parent).with_suffix("").parts])
        module = module.removesuffix(".__init__")
        lines += [f"{module} {name}" for name in public_names(tree(path))]
    return "".join(f"{line}\n" for line in lines)


def test_sdk_exports_what_is_pinned() -> None:
    current = surface(SOURCE / "sdk")
    assert current == PINNED.read_text(), (
        f"The SDK's surface has changed. If that is meant, add it to CHANGELOG.md and write\n"
        f"{PINNED.name} anew:\n{current}"
    )


def test_checker_reads_all_and_definitions(tmp_path: Path) -> None:
    package = tmp_path / "sdk"
    package.mkdir()
    (package / "__init__.py").write_text('__all__ = ["b", "a"]\nignored = 1\n')
    (package / "part.py").write_text("import os\nLIMIT: int = 1\n_own = 2\nclass Bet: ...\n")
    assert surface(package) == (
        "meganodes.sdk a\nmeganodes.sdk b\nmeganodes.sdk.part Bet\nmeganodes.sdk.part LIMIT\n"
    )
