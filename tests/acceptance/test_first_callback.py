"""The first tutorial, followed literally in an empty environment: it ends with a certified backend.

It installs from the package registry, as the reader does; nothing of this repository's own
environment is used.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.support.wallets import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/tutorials/first-callback.md").read_text("utf-8")
OWN_LINES_MAX = 60
SECONDS_MAX = 600
MARK = "--- block"


def program() -> str:
    (found,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def blocks() -> list[tuple[str, str]]:
    """The commands of the page and what each block prints; "" where it does not say."""
    return re.findall(r"```sh\n(.*?)```\n(?:```text\n(.*?)```\n)?", PAGE, re.DOTALL)


class Shell:
    """A shell in the reader's folder; what it leaves behind ends with it."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        self._port = str(port)
        kept = {"PATH", "HOME", "LANG", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"}
        self._environment = {
            name: value
            for name, value in os.environ.items()
            if name in kept or name.startswith(("PIP_", "pip_"))
        } | {"PORT": self._port, "NO_PROXY": "127.0.0.1"}

    def run(self, commands: str) -> tuple[int, str]:
        """Run commands; give the status of the last one and what was printed."""
        said = self._folder / ".said"  # a pipe would be held open by what runs in the background
        with said.open("wb") as output:
            process = subprocess.Popen(
                ["bash", "-ec", commands.replace("8800", self._port)],
                cwd=self._folder,
                env=self._environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        try:
            process.wait(SECONDS_MAX)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        return process.returncode, said.read_text("utf-8", "replace")


@pytest.fixture
def reader(tmp_path: Path) -> Path:
    """The reader's empty folder beside a checkout called meganodes."""
    (tmp_path / "meganodes").symlink_to(ROOT)
    folder = tmp_path / "casino"
    folder.mkdir()
    return folder


def test_what_the_reader_writes_is_short() -> None:
    assert len(program().splitlines()) < OWN_LINES_MAX


@pytest.mark.slow
def test_followed_literally_the_page_gives_a_certified_backend(reader: Path) -> None:
    began = time.monotonic()
    shell = Shell(reader, free_port())
    (reader / "backend.py").write_text(program())
    written = blocks()
    assert [bool(told) for _, told in written] == [False, False, True, False]
    script = f"\necho '{MARK}'\n".join(commands for commands, _ in written)
    status, printed = shell.run(script)
    assert status == 0, printed
    came = printed.split(f"{MARK}\n")
    for (commands, told), shown in zip(written, came, strict=True):
        assert told in shown, commands
    report = (reader / "report.html").read_text("utf-8")
    assert "certified" in report.lower()
    assert time.monotonic() - began < SECONDS_MAX
    _break_it(shell, reader)


def _break_it(shell: Shell, reader: Path) -> None:
    """Step 5: the mistake that the page proposes is found, and named."""
    broken = program().replace("currency_exponent=2", "currency_exponent=0")
    assert broken != program()
    (reader / "backend.py").write_text(broken)
    running, asking, certify = (commands for commands, _ in blocks()[1:])
    script = f"{running}\n{asking}\n{certify.split(' --format')[0]} --section amounts"
    status, printed = shell.run(script)
    assert status == 1, printed
    assert "FAIL" in printed.upper()
