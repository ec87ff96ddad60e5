"""The examples on FastAPI, Django and Flask, each on a real server: certified in both revisions."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from meganodes.certification.direct import DirectTransport
from meganodes.certification.runner import run
from meganodes.certification.target import Target
from meganodes.kit.clock import SystemClock
from meganodes.protocol.commands import Revision
from meganodes.protocol.currency import currency
from meganodes.sdk.ledger import SqliteLedger
from tests.support import practice
from tests.support.fake_backend import TOKEN
from tests.support.wallets import end_group, free_port, until_answering

ROOT = Path(__file__).resolve().parents[2]
# What gunicorn --threads does, of which Python's own server is enough here.
WSGI = """
import sys
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIServer, make_server
import casino
class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128
app = getattr(casino, "application", None) or casino.app
make_server("127.0.0.1", int(sys.argv[1]), app, Server).serve_forever()
"""


def command(framework: str, port: int) -> list[str]:
    if framework == "fastapi":
        server = ["-m", "uvicorn", "casino:app", "--port", str(port), "--log-level", "warning"]
        return [sys.executable, *server]
    return [sys.executable, "-c", WSGI, str(port)]


@contextmanager
def running(framework: str, revision: Revision, folder: Path) -> Iterator[int]:
    """The example on its port; the player `bob` is locked."""
    books = folder / "casino.db"
    with closing(SqliteLedger(books)) as ledger:
        ledger.deposit("bob", 5_000)
        ledger.set_active("bob", active=False)
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT / 'examples' / framework}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "WALLET_CALLBACK_TOKEN": TOKEN,
        "WALLET_REVISION": revision.value,
        "WALLET_FILE": str(books),
    }
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(
            command(framework, port),
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        until_answering(process, port, "/balances", folder / "log")
        yield port
    finally:
        end_group(process)


@pytest.mark.slow
@pytest.mark.parametrize("revision", Revision)
@pytest.mark.parametrize("framework", ["fastapi", "django", "flask"])
async def test_the_example_is_certified(framework: str, revision: Revision, tmp_path: Path) -> None:
    with running(framework, revision, tmp_path) as port:
        target = Target(
            url=f"http://127.0.0.1:{port}/callback",
            callback_token=TOKEN,
            account="ada",
            revision=revision,
            currency=currency("EUR"),
            blocked_account="bob",
        )
        clock = SystemClock()
        async with DirectTransport(target.url, clock) as transport:
            report = await run(target, transport, clock, seed=1)
    assert practice.words_of(report) == {}
    assert report.certified
    assert report.left_over_minor == 0
