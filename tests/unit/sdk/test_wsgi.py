"""The WSGI application beyond the common suite: lengths, and a server of the standard library."""

from __future__ import annotations

import http.client
import io
import json
import threading
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.util import setup_testing_defaults

import pytest

from meganodes.protocol.commands import Command
from meganodes.sdk import Dispatcher
from meganodes.sdk.wsgi import wsgi_app
from tests.support.fake_backend import TOKEN, FakeWallet, callback, callback_headers


class CountingInput(io.BytesIO):
    read_bytes = 0

    def read(self, size: int | None = -1, /) -> bytes:
        got = super().read(size)
        self.read_bytes += len(got)
        return got


def run(environ: dict[str, Any], wallet: FakeWallet | None = None) -> Any:  # noqa: ANN401
    setup_testing_defaults(environ)
    dispatcher = Dispatcher(wallet or FakeWallet(), callback_tokens=[TOKEN])
    return json.loads(b"".join(wsgi_app(dispatcher)(environ, lambda *_: None)))


def test_the_body_is_not_read_before_the_token_is_known() -> None:
    stream = CountingInput(b"x" * 100)
    environ = {"REQUEST_METHOD": "POST", "CONTENT_LENGTH": "100", "wsgi.input": stream}
    assert run(environ)["result"] == 100
    assert stream.read_bytes == 0


def test_reading_stops_at_the_limit() -> None:
    stream = CountingInput(b"x" * 200_000)
    environ = {
        "REQUEST_METHOD": "POST",
        "CONTENT_LENGTH": "200000",
        "HTTP_CALLBACK_TOKEN": TOKEN,
        "wsgi.input": stream,
    }
    assert run(environ)["result"] == 99
    assert stream.read_bytes == 65_537


@pytest.mark.parametrize("length", [None, "", "-5", "many"])
def test_a_request_without_a_length_is_answered_99(length: str | None) -> None:
    environ: dict[str, Any] = {"REQUEST_METHOD": "POST", "HTTP_CALLBACK_TOKEN": TOKEN}
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    assert run(environ)["result"] == 99


def test_it_runs_on_the_server_of_the_standard_library() -> None:
    class QuietHandler(WSGIRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    app = wsgi_app(Dispatcher(FakeWallet(), callback_tokens=[TOKEN]))
    with make_server("127.0.0.1", 0, app, handler_class=QuietHandler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
        body = callback(Command.BET)
        connection.request("POST", "/callback", body, callback_headers(body))
        reply = connection.getresponse()
        assert reply.read() == b'{"result":0,"status":"OK","data":{"balance":98.50}}'
        connection.close()
        thread.join(timeout=5)
