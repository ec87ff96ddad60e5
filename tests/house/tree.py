"""How the house rules see the repository: its files, their syntax trees, a planted sample."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src/meganodes"
GENERATED = {".git", ".venv", ".tools", ".demo", "__pycache__", "dist", "build", "htmlcov", "var"}
TEXT_SUFFIXES = {
    ".css", ".csv", ".html", ".in", ".js", ".json", ".jinja", ".md", ".mjs", ".php", ".py", ".sql",
    ".toml", ".txt", ".yaml", ".yml", "",
}  # fmt: skip
VENDORED = "static/vendor"  # other people's files, kept as they came


def files(folder: Path, suffix: str = ".py") -> list[Path]:
    """All files of a kind below a folder, generated folders left out, in a stable order."""
    return sorted(
        path
        for path in folder.rglob(f"*{suffix}")
        if path.is_file() and not _generated(path.relative_to(folder))
    )


def written_files() -> list[Path]:
    """Every text file that a person wrote in this repository."""
    return [
        path
        for path in files(ROOT, "")
        if path.suffix in TEXT_SUFFIXES and VENDORED not in path.as_posix()
    ]


@cache
def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=str(path))


def named(path: Path) -> str:
    """The path as a person knows it: from the top of the repository."""
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.as_posix()


def functions(module: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def dotted(node: ast.expr) -> str | None:
    """`a.b.c` of an expression that is nothing but names and dots, else None."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value)
        return f"{owner}.{node.attr}" if owner else None
    return None


def listed(faults: list[str]) -> str:
    """A failure message: one fault a line."""
    return "\n" + "\n".join(faults)


def _generated(path: Path) -> bool:
    hidden = {".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache"}
    return any(part in GENERATED | hidden or part.endswith(".egg-info") for part in path.parts)
