"""The command line as a process of its own, on an installation of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from typer.testing import CliRunner

from meganodes.cli.app import app
from tests.support.warm_start import start_warm

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command said and how it ended."""

    status: int
    stdout: str
    stderr: str


@dataclass(frozen=True, slots=True)
class CommandLine:
    """Runs `meganodes` on a database and a key in its folder; make the key first."""

    folder: Path
    database_url: str | None = field(default=None, kw_only=True)

    @property
    def environment(self) -> Mapping[str, str]:
        """What a command's process is given."""
        return {
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "MEGANODES_DATABASE_URL": self.database_url or f"sqlite:///{self.folder / 'hub.db'}",
            "MEGANODES_MASTER_KEY_FILE": str(self.folder / "master.key"),
            "MEGANODES_CALLBACKS__ALLOW_PRIVATE_TARGETS": "true",
            "LC_ALL": "C.UTF-8",
        }

    def arguments(self, *words: str) -> list[str]:
        """Give the words that start a command."""
        return [sys.executable, "-m", "meganodes", *words]

    def run(self, *words: str, seconds: float = 120) -> Ended:
        """Run a command to its end."""
        said = [self.folder / f".said.{name}" for name in ("out", "err")]
        for each in said:
            each.write_bytes(b"")
        process = start_warm(
            ("meganodes", *words),
            self.environment,
            output=said[0],
            errors=said[1],
            folder=self.folder,
        )
        status = process.wait_here(seconds)
        texts = [each.read_text("utf-8") for each in said]
        for each in said:
            each.unlink()
        return Ended(status, *texts)

    def run_here(self, *words: str) -> Ended:
        """Run a command in this process, which is quicker, and shows how it ends as well."""
        done = CliRunner().invoke(app, words, env=dict(self.environment))
        return Ended(done.exit_code, done.stdout, done.stderr)


def an_installation(folder: Path) -> CommandLine:
    """Make a key in this folder and give its command line."""
    command_line = CommandLine(folder)
    made = command_line.run("key", "create", str(folder / "master.key"))
    assert made.status == 0, made.stderr
    return command_line
