"""`meganodes demo` as a stranger starts it: a program, what it prints, and its end."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.command_line import ROOT
from tests.support.wallets import free_ports

READY_SECONDS = 300.0
END_SECONDS = 60.0
LAST_WORDS = "Play the game yourself"
_LINK = re.compile(r"http://127\.0\.0\.1:\d+/office/\S+")


@contextmanager
def a_running_demo(folder: Path) -> Iterator[str]:
    """Start the demo on free ports and wait for the end of its tour; give all that it printed."""
    printed = folder / "printed.txt"
    with printed.open("wb") as output:
        demo = subprocess.Popen(
            _command(folder), stdout=output, stderr=output, cwd=folder, env=_environment()
        )
    try:
        yield _text_once_ready(demo, printed)
    finally:
        demo.terminate()
        demo.wait(END_SECONDS)


def a_demo_of_one_tour(folder: Path, *options: str) -> tuple[int, str]:
    """Let the demo run its tour and end; give its exit status and all that it printed."""
    done = subprocess.run(
        [*_command(folder), "--once", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        env=_environment(),
        timeout=READY_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout.decode()


def office_link(printed: str) -> str:
    """Find the link to the Back Office in what the demo printed."""
    found = _LINK.findall(printed)
    assert len(found) == 1, printed
    return str(found[0])


def _text_once_ready(demo: subprocess.Popen[bytes], printed: Path) -> str:
    deadline = time.monotonic() + READY_SECONDS
    while LAST_WORDS not in (text := printed.read_text("utf-8")):
        assert demo.poll() is None, text
        assert time.monotonic() < deadline, text
        time.sleep(0.2)
    return text


def _command(folder: Path) -> list[str]:
    hub, casino, studio = free_ports(3)
    ports = ("--port", str(hub), "--casino-port", str(casino), "--studio-port", str(studio))
    data = ("--folder", str(folder / "demo"))
    return [sys.executable, "-m", "meganodes", "demo", *ports, *data]


def _environment() -> dict[str, str]:
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": str(ROOT / "src"),
        "PYTHONUNBUFFERED": "1",
        "LC_ALL": "C.UTF-8",
    }
