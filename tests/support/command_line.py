"""The command line as a process of its own, on an installation of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from typer.testing import CliRunner

from meganodes.cli.app import app

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
        done = subprocess.run(
            self.arguments(*words),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            encoding="utf-8",
            check=False,
            timeout=seconds,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

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
