"""The fake backend and the bare relay: two nginx, each with its own configuration in a folder."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.processes import BenchmarkFault, Program, free_port, running

ACCOUNT = "bench"
BET_REPLY = '{"result":0,"status":"OK","data":{"balance":1000.00}}'
"""What a backend answers to a bet, in EUR (contract 3.2)."""

AUTHENTICATE_REPLY = (
    f'{{"result":0,"status":"OK","data":{{"account":"{ACCOUNT}","balance":1000.00}}}}'
)
"""What it answers to authenticate. Of all callbacks only this one has a body below 100 bytes."""

_MAIN = """\
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log stderr;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  tcp_nodelay on;
  keepalive_timeout 600s;
  keepalive_requests 1000000000;
  client_body_temp_path {folder}/bodies;
  proxy_temp_path {folder}/relayed;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
{servers}}}
"""
_BACKEND = """\
  map $http_content_length $reply {{
    ~^[0-9][0-9]$ '{authenticate_reply}';
    default '{bet_reply}';
  }}
  server {{
    listen 127.0.0.1:{port};
    default_type application/json;
    location / {{ return 200 $reply; }}
  }}
"""
_PROXY = """\
  upstream backend {{
    server 127.0.0.1:{backend_port};
    keepalive 256;
    keepalive_requests 1000000000;
  }}
  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass http://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }}
  }}
"""


def backend_config(folder: Path, port: int) -> str:
    """Write the configuration of the backend that knows two replies."""
    servers = _BACKEND.format(port=port, authenticate_reply=AUTHENTICATE_REPLY, bet_reply=BET_REPLY)
    return _MAIN.format(folder=folder, servers=servers)


def proxy_config(folder: Path, port: int, backend_port: int) -> str:
    """Write the configuration of the relay with kept connections on both sides."""
    return _MAIN.format(folder=folder, servers=_PROXY.format(port=port, backend_port=backend_port))


@contextmanager
def fake_backend(parent: Path) -> Iterator[Program]:
    """Run the backend that costs as little as one can."""
    folder = _made(parent, "backend")
    port = free_port()
    with _nginx("backend", backend_config(folder, port), port, folder) as program:
        yield program


@contextmanager
def reverse_proxy(parent: Path, backend: Program) -> Iterator[Program]:
    """Run the bare relay in front of a backend."""
    folder = _made(parent, "proxy")
    port = free_port()
    with _nginx("proxy", proxy_config(folder, port, backend.port), port, folder) as program:
        yield program


def nginx_program() -> str:
    """Find nginx, also where it is not on everybody's PATH; raises BenchmarkFault."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/sbin:/usr/local/sbin")
    if found is None:
        raise BenchmarkFault("nginx is missing: python3 -m tools.ensure_system_packages bench")
    return found


@contextmanager
def _nginx(name: str, config: str, port: int, folder: Path) -> Iterator[Program]:
    file = folder / "nginx.conf"
    file.write_text(config)
    command = [nginx_program(), "-p", str(folder), "-e", "stderr", "-c", str(file)]
    with running(name, command, port=port, folder=folder) as program:
        yield program


def _made(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir()
    return folder
