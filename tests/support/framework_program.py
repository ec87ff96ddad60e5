"""Serves an operator's program on a port: `framework_program FILE asgi|wsgi PORT`.

ASGI by uvicorn, WSGI by the standard library's server with threads: the frameworks are real, and
servers are not what is tried.
"""

from __future__ import annotations

import importlib.util
import sys
from socketserver import ThreadingMixIn
from types import ModuleType
from typing import Any
from wsgiref.simple_server import WSGIServer, make_server

import uvicorn


class _Threading(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def load(file: str) -> ModuleType:
    """Import a file as the module `casino`, as its server would."""
    spec = importlib.util.spec_from_file_location("casino", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["casino"] = module
    spec.loader.exec_module(module)
    return module


def main(file: str, kind: str, port: int) -> None:
    """Serve until it is ended."""
    module = load(file)
    app: Any = getattr(module, "application", None) or module.app
    if kind == "asgi":
        uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")
    else:
        make_server("127.0.0.1", port, app, server_class=_Threading).serve_forever()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
