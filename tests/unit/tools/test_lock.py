"""Lock files hold for every supported Python, with hashes, and without addresses."""

import pytest

from tools.lock import SOURCES, command_for


@pytest.mark.parametrize("name", SOURCES)
@pytest.mark.security("S30")
def test_lock_has_hashes_for_every_python_and_no_trace_of_this_machine(name: str) -> None:
    command = command_for("uv", name, upgrade=False)
    assert command[:3] == ["uv", "pip", "compile"]
    assert {"--universal", "--generate-hashes", "--no-header", "--no-annotate"} <= set(command)
    assert "--python-version=3.11" in command
    assert f"--output-file=requirements/{name}.txt" in command
    assert "--upgrade" not in command


def test_newer_versions_are_taken_when_asked_for() -> None:
    assert "--upgrade" in command_for("uv", "hub", upgrade=True)


def test_development_set_holds_the_runtime_set() -> None:
    assert set(SOURCES["hub"]) - {"build"} <= set(SOURCES["dev"])
