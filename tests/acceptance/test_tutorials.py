"""The tutorials about backends: every command of them runs and prints what the page says."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.wallets import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGES = {"node": "examples/node/backend.mjs", "php": "examples/php/backend.php"}
SECONDS_MAX = 120
MARK = "--- block"

# As much of curl as the pages use: a test must not depend on a program the project does not need.
CURL = """#!{python}
import sys, urllib.error, urllib.request
url, body, headers = "", None, {{}}
given = iter(sys.argv[1:])
for one in given:
    if one == "-d":
        body = next(given).encode()
    elif one == "-H":
        name, _, text = next(given).partition(": ")
        headers[name] = text
    elif one != "-s":
        url = one
try:
    request = urllib.request.Request(url, body, headers)
    sys.stdout.write(urllib.request.urlopen(request, timeout=60).read().decode() + "\\n")
except urllib.error.URLError:
    sys.exit(7)
"""


def page(language: str) -> str:
    return (ROOT / f"docs/tutorials/backend-in-{language}.md").read_text("utf-8")


def blocks(language: str) -> list[tuple[str, str]]:
    """The commands of a page and what each block prints at its end; "" where it does not say."""
    return re.findall(r"```sh\n(.*?)```\n(?:```text\n(.*?)```\n)?", page(language), re.DOTALL)


def run(script: str, folder: Path) -> str:
    """Run a script with a curl of our own, and end what it leaves behind."""
    tool = folder / "bin/curl"
    tool.parent.mkdir()
    tool.write_text(CURL.format(python=sys.executable))
    tool.chmod(0o755)
    environment = {**os.environ, "PATH": f"{tool.parent}:{os.environ['PATH']}", "NO_PROXY": "*"}
    process = subprocess.Popen(
        ["bash", "-c", script],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        text=True,
    )
    try:
        printed, _ = process.communicate(timeout=SECONDS_MAX)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    return printed


@pytest.mark.parametrize("language", PAGES)
def test_every_command_of_the_page_prints_what_it_says(tmp_path: Path, language: str) -> None:
    written = blocks(language)
    assert len([told for _, told in written if told]) == 5
    script = f"\necho '{MARK}'\n".join(commands for commands, _ in written)
    script = script.replace("8703", str(free_port()))
    script = script.replace(f".demo/wallet-{language}", str(tmp_path / "wallet"))
    script = f"export WALLET_PORT={re.findall(r'127.0.0.1:([0-9]+)', script)[0]}\n{script}"
    printed = run(script, tmp_path).split(f"{MARK}\n")
    assert len(printed) == len(written)
    for (commands, told), came in zip(written, printed, strict=True):
        assert came.endswith(told), commands


@pytest.mark.parametrize("language", PAGES)
def test_the_rules_are_where_the_page_says(language: str) -> None:
    code = (ROOT / PAGES[language]).read_text("utf-8")
    rows = re.findall(r"^\| ([1-8]) .*\| (.*) \|$", page(language), re.MULTILINE)
    assert [number for number, _ in rows] == list("12345678")
    names = [name for _, places in rows for name in re.findall(r"`([^`]+)`", places)]
    missing = [name for name in names if not is_defined(name, code)]
    assert not missing


def is_defined(name: str, code: str) -> bool:
    own = name.rpartition("::")[2]
    return bool(
        re.search(rf"^\s*(?:\w+ )*(?:class|function) {own}\b", code, re.MULTILINE)
        or re.search(rf"^  {own}\(.*\{{$", code, re.MULTILINE)
    )
