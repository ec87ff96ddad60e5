"""A backend that is asked about what it holds, and knows every transaction but one."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def a_status_wallet(lost: str) -> Iterator[str]:
    """Give the callback URL of a backend that answers as if ``lost`` had never come."""

    class Wallet(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            guid = asked["data"].get("trans_guid")
            told = {"account": "alice", "trans_guid": guid, "trans_status": "OK"}
            known = {"result": 0, "status": "OK", "data": told}
            reply = json.dumps({"result": 42, "status": "ERROR"} if guid == lost else known)
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Wallet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/callback"
        server.shutdown()
