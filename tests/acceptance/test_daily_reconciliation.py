"""A served hub compares yesterday by itself: a difference stands in metrics and audit log."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
import time
from contextlib import closing, suppress
from http.client import HTTPConnection
from pathlib import Path

from meganodes.domain.retry import DAY_MS
from meganodes.domain.transaction import State
from meganodes.kit.clock import SystemClock
from meganodes.kit.identity import first_trans_id
from tests.support.command_line import CommandLine, an_installation
from tests.support.journal_file import put_rows
from tests.support.status_wallet import a_status_wallet
from tests.support.transactions import bet
from tests.support.wallets import free_port

WAIT_SECONDS = 120.0
DIFFERS = 'meganodes_reconciliation_differences{agent="acme"} 1.0'


def test_a_bet_that_its_backend_has_lost_is_found_the_next_day(tmp_path: Path) -> None:
    shell = an_installation(tmp_path)
    with a_status_wallet("mn-lost") as url:
        added = shell.run_here("agent", "add", "acme", "--currency", "EUR", "--callback-url", url)
        assert added.status == 0, added.stderr
        at_ms = SystemClock().now_ms() // DAY_MS * DAY_MS - DAY_MS // 2
        number = first_trans_id(at_ms)
        rows = (
            bet(
                trans_id=number + offset,
                transaction_id=guid,
                guid=guid,
                state=State.ACCEPTED,
                created_at_ms=at_ms,
            )
            for offset, guid in enumerate(("mn-bet", "mn-lost"), 1)
        )
        put_rows(tmp_path / "hub.db", rows)
        assert DIFFERS in _metrics_of_a_run(shell)
    with closing(sqlite3.connect(tmp_path / "hub.db")) as connection:
        found = connection.execute(
            "SELECT new FROM directory_audit WHERE tag = 'system:agent:reconcile'"
        ).fetchall()
    ((noted,),) = found
    assert (json.loads(noted)["rows"], json.loads(noted)["differences"]) == (2, 1)
    (kept,) = json.loads((tmp_path / "hub.db.reconciled.json").read_text())
    assert (kept["rows"], kept["differences"]) == (2, 1)


def _metrics_of_a_run(shell: CommandLine) -> str:
    """Serve until yesterday was compared; give the last metrics."""
    port = free_port()
    environment = {
        **shell.environment,
        "MEGANODES_RECONCILIATION__AT_HOUR": "0",
        "MEGANODES_OPERATIONS__LOOK_SECONDS": "1",
    }
    with (shell.folder / "hub.log").open("wb") as log:
        hub = subprocess.Popen(
            shell.arguments("serve", "--port", str(port)),
            cwd=shell.folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    shown, ends = "", time.monotonic() + WAIT_SECONDS
    try:
        while DIFFERS not in shown and time.monotonic() < ends:
            assert hub.poll() is None, (shell.folder / "hub.log").read_text()[-2_000:]
            with suppress(OSError):
                shown = _metrics(port)
            time.sleep(0.2)
    finally:
        hub.send_signal(signal.SIGTERM)
        hub.wait(60)
    return shown


def _metrics(port: int) -> str:
    with closing(HTTPConnection("127.0.0.1", port, timeout=10)) as connection:
        connection.request("GET", "/metrics")
        return connection.getresponse().read().decode()
