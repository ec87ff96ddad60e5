"""The Express example: certified in both revisions, and never a page of HTML.

Express comes from the package registry by `npm ci`, once for each lock, into `.tools`.
"""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from meganodes.certification.direct import DirectTransport
from meganodes.certification.runner import run
from meganodes.certification.target import Target
from meganodes.kit.clock import SystemClock
from meganodes.protocol.commands import Revision
from meganodes.protocol.currency import currency
from meganodes.protocol.signature import parse_secret
from tests.support import practice
from tests.support.fake_backend import SECRET, TOKEN
from tests.support.wallets import Reply, ask_over, end_group, free_port, signed, until_answering

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
INSTALL_SECONDS = 600
READY_SECONDS = 60
QUESTION = b'{"command":"balance","data":{"account":"demo"},"timestamp":"1","check":"21,22"}'


@pytest.fixture(scope="module")
def packages() -> Path:
    """The folder node_modules that the example's lock describes."""
    lock = EXAMPLES / "express/package-lock.json"
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()[:16]
    folder = ROOT / ".tools/express" / digest
    if not (folder / "complete").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(EXAMPLES / "express" / name, folder)
        command = ("npm", "ci", "--prefer-offline", "--fetch-retries=8", "--no-audit", "--no-fund")
        done = subprocess.run(
            command,
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=INSTALL_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        (folder / "complete").touch()
    return folder / "node_modules"


@pytest.fixture(params=Revision)
def port(request: pytest.FixtureRequest, packages: Path, tmp_path: Path) -> Iterator[int]:
    """The port of the example, running on its own copy of the files."""
    for name in ("node", "express"):
        shutil.copytree(
            EXAMPLES / name, tmp_path / name, ignore=shutil.ignore_patterns("node_modules")
        )
    (tmp_path / "express/node_modules").symlink_to(packages)
    free = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "WALLET_CALLBACK_TOKEN": TOKEN,
        "WALLET_SIGNING_SECRET": SECRET,
        "WALLET_REVISION": request.param.value,
        "WALLET_ACCOUNTS": "demo=100.00,locked=50.00",
        "WALLET_FOLDER": str(tmp_path / "books"),
        "WALLET_PORT": str(free),
    }
    with (tmp_path / "log").open("wb") as output:
        process = subprocess.Popen(
            ["node", "backend.mjs"],
            cwd=tmp_path / "express",
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        until_answering(process, free, "/health", tmp_path / "log")
        yield free
    finally:
        end_group(process)


def ask(port: int, method: str, path: str, body: bytes = b"", **headers: str) -> Reply:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        return ask_over(line, method, path, body, signed(body) | named)
    finally:
        line.close()


@pytest.mark.slow
async def test_the_example_is_certified(port: int, request: pytest.FixtureRequest) -> None:
    revision = request.node.callspec.params["port"]
    target = Target(
        url=f"http://127.0.0.1:{port}/callback",
        callback_token=TOKEN,
        account="demo",
        revision=revision,
        currency=currency("EUR"),
        blocked_account="locked",
        signing_secret=parse_secret(SECRET),
    )
    clock = SystemClock()
    async with DirectTransport(target.url, clock) as transport:
        report = await run(target, transport, clock, seed=1)
    assert practice.words_of(report) == {}
    assert report.certified
    assert report.left_over_minor == 0


def test_nothing_that_express_does_by_itself_reaches_the_hub(port: int) -> None:
    told = ask(port, "POST", "/callback", QUESTION)
    assert told.body == b'{"result":0,"status":"OK","data":{"balance":100.00}}'
    assert not told.headers.keys() & {"etag", "x-powered-by", "content-encoding"}
    for unreadable in (
        ask(port, "POST", "/callback", QUESTION, Content_Encoding="gzip"),
        ask(port, "POST", "/callback", b"[" * 70_000),
        ask(port, "POST", "/callback", b"", Content_Type="text/html"),
    ):
        assert unreadable.status == 200
        assert unreadable.json() == {"result": 99, "status": "ERROR", "data": {}}
    form = ask(port, "POST", "/callback", QUESTION, Content_Type="text/plain")
    assert form.json()["result"] == 0
    stranger = ask(port, "POST", "/callback", QUESTION, Callback_Token="wrong")
    assert stranger.json()["result"] == 100
    other = ask(port, "GET", "/callback")
    assert (other.status, other.headers["allow"]) == (405, "POST")
