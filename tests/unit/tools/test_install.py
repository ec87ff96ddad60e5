"""The set-up says what is wrong with a machine, and knows when there is nothing to do."""

import sys
from pathlib import Path

import pytest

from tools.install import (
    APT_LINE,
    fault_of_interpreter,
    fingerprint,
    installed_set,
    modules_missing,
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with lock files, nothing installed yet."""
    for folder in ("requirements", ".venv"):
        (tmp_path / folder).mkdir()
    for name in ("hub", "dev"):
        (tmp_path / f"requirements/{name}.txt").write_text(f"{name}==1\n")
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    return tmp_path


def pretend_installed(project: Path, name: str) -> None:
    (project / f".venv/installed-{name}").write_text(fingerprint(project, name))


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 1), (3, 13, 5), (3, 14, 0)])
def test_supported_pythons_are_taken(version: tuple[int, ...]) -> None:
    assert fault_of_interpreter(version, []) is None


@pytest.mark.parametrize("version", [(3, 10, 9), (3, 9, 2)])
def test_old_python_is_named_with_the_cure(version: tuple[int, ...]) -> None:
    fault = fault_of_interpreter(version, [])
    assert fault is not None
    assert f"Python 3.{version[1]} is too old" in fault
    assert APT_LINE in fault
    assert "PYTHON=" in fault


def test_missing_parts_of_python_are_named_with_the_apt_line() -> None:
    fault = fault_of_interpreter((3, 11, 2), ["venv", "ensurepip"])
    assert fault is not None
    assert fault.startswith("Python lacks venv and ensurepip.")
    assert APT_LINE in fault


def test_this_python_lacks_nothing() -> None:
    assert modules_missing("pip") == []


def test_nothing_is_installed_at_first(project: Path) -> None:
    assert installed_set(project, "hub") is None
    assert installed_set(project, "dev") is None


def test_development_set_serves_the_demo_too(project: Path) -> None:
    pretend_installed(project, "dev")
    assert installed_set(project, "hub") == "dev"
    assert installed_set(project, "dev") == "dev"


def test_runtime_set_does_not_serve_development(project: Path) -> None:
    pretend_installed(project, "hub")
    assert installed_set(project, "hub") == "hub"
    assert installed_set(project, "dev") is None


@pytest.mark.parametrize("changed", ["requirements/dev.txt", "pyproject.toml"])
def test_changed_lock_or_project_is_installed_again(project: Path, changed: str) -> None:
    pretend_installed(project, "dev")
    (project / changed).write_text("another\n")
    assert installed_set(project, "dev") is None


def test_moved_project_is_installed_again(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    pretend_installed(project, "dev")
    moved = tmp_path_factory.mktemp("elsewhere") / "project"
    project.rename(moved)
    assert installed_set(moved, "dev") is None


def test_tools_parse_on_the_oldest_python_people_have() -> None:
    """A `match` or a bare `X | Y` at run time would hide the sentence about the version."""
    source = Path(sys.modules["tools.install"].__file__ or "").read_text()
    assert source.split('"""')[2].lstrip().startswith("from __future__ import annotations")
    assert "match " not in [line.lstrip()[:6] for line in source.splitlines()]
