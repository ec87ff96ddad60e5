"""`meganodes openapi`: the documents without a hub, settings or database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from meganodes.cli.app import app
from meganodes.main_api.reference.documents import document_json

RUNNER = CliRunner()


@pytest.mark.parametrize(
    ("arguments", "api"),
    [([], "main"), (["--api", "main"], "main"), (["--api", "provider"], "provider")],
)
def test_document_is_printed(arguments: list[str], api: str) -> None:
    done = RUNNER.invoke(app, ["openapi", *arguments])
    assert done.exit_code == 0
    assert json.loads(done.stdout) == json.loads(document_json(api))


def test_document_is_written_to_a_file(tmp_path: Path) -> None:
    path = tmp_path / "main.json"
    done = RUNNER.invoke(app, ["openapi", "--out", str(path)])
    assert (done.exit_code, done.stdout.split()[-2:]) == (0, ["is", "written."])
    assert json.loads(path.read_text()) == json.loads(document_json("main"))


def test_file_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    done = RUNNER.invoke(app, ["openapi", "--out", str(tmp_path / "no" / "main.json")])
    assert done.exit_code == 1
    assert "No such file or directory" in done.stderr


def test_unknown_api_is_wrong_usage() -> None:
    assert RUNNER.invoke(app, ["openapi", "--api", "other"]).exit_code == 2
