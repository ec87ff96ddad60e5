"""A Dockerfile carried out as a script in a scratch folder, because tests have no container.

All stages share one folder tree; absolute paths of the image become paths below the scratch one.
What needs a container is left out: base images, users, volumes.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

PLACES = ("/build", "/opt", "/run", "/var")
LEFT_OUT = {"FROM", "VOLUME", "EXPOSE", "USER", "STOPSIGNAL"}


@dataclass(kw_only=True)
class Image:
    """What the last stage of a Dockerfile leaves behind."""

    context: Path
    root: Path
    environment: dict[str, str] = field(default_factory=dict)
    folder: Path = Path("/")
    entry_point: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)
    health_check: list[str] = field(default_factory=list)

    def inside(self, words: str) -> str:
        """Move the image's absolute paths below the scratch folder."""
        places = "|".join(PLACES)
        return re.sub(rf"(?<![\w.])(?=(?:{places})(?:/|\b))", str(self.root), words)

    def carry_out(self, dockerfile: str) -> None:
        """Do every step, one after the other; a step that fails ends it with its output."""
        for line in dockerfile.splitlines():
            instruction, _, rest = line.partition(" ")
            if not line.strip() or line.startswith("#") or instruction in LEFT_OUT:
                self._begin_stage(instruction)
                continue
            step = getattr(self, f"_{instruction.lower()}")
            step(rest)

    def _begin_stage(self, instruction: str) -> None:
        if instruction == "FROM":
            self.environment.clear()
            self.folder = Path("/")

    def _env(self, rest: str) -> None:
        name, _, value = rest.partition("=")
        self.environment[name] = self.inside(value)

    def _workdir(self, rest: str) -> None:
        self.folder = Path(self.inside(rest))
        self.folder.mkdir(parents=True, exist_ok=True)

    def _copy(self, rest: str) -> None:
        words = [word for word in rest.split() if not word.startswith("--chown")]
        if words[0].startswith("--from"):
            source, target = (Path(self.inside(word)) for word in words[1:])
            if source != target:
                shutil.copytree(source, target, dirs_exist_ok=True)
            return
        *sources, target_word = words
        for word in sources:
            target = self.folder / target_word
            source = self.context / word
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
                continue
            if target_word.endswith("/"):
                target = target / source.name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)

    def _run(self, rest: str) -> None:
        words = shlex.split(self.inside(rest))
        if words[0] == "python":
            words[0] = sys._base_executable  # type: ignore[attr-defined]
        # The cache of packages may be used: what is downloaded is not what is tested.
        own = {name: at for name, at in self.environment.items() if name != "PIP_NO_CACHE_DIR"}
        done = subprocess.run(
            words,
            cwd=self.folder,
            env={**_outside(), **own},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"RUN {rest}\n{done.stdout}{done.stderr}"

    def _healthcheck(self, rest: str) -> None:
        self.health_check = json.loads(rest.partition(" CMD ")[2])

    def _entrypoint(self, rest: str) -> None:
        self.entry_point = json.loads(rest)

    def _cmd(self, rest: str) -> None:
        self.command = json.loads(rest)


def _outside() -> dict[str, str]:
    """The environment of this machine, without what would lead to this checkout."""
    hidden = ("PYTHON", "MEGANODES_", "VIRTUAL_ENV")
    return {name: at for name, at in os.environ.items() if not name.startswith(hidden)}
