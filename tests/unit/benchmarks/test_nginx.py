"""The configuration of both nginx, and that their fixed reply is a good reply of the contract."""

from pathlib import Path

import pytest

from benchmarks.nginx import ACCOUNT, AUTHENTICATE_REPLY, BET_REPLY, backend_config, proxy_config
from meganodes.protocol.commands import Command, Revision, authenticate_data, check_text
from meganodes.protocol.replies import HttpReply, Question, read_reply
from meganodes.protocol.wire import render_callback

FOLDER = Path("folder")


@pytest.mark.parametrize(
    ("command", "body"),
    [(Command.AUTHENTICATE, AUTHENTICATE_REPLY), (Command.BET, BET_REPLY)],
)
def test_fixed_replies_are_accepted_without_a_note(command: Command, body: str) -> None:
    question = Question(command=command, revision=Revision.GUID, account=ACCOUNT, exponent=2)
    headers = ((b"Content-Type", b"application/json"),)
    reply = read_reply(question, HttpReply(status=200, headers=headers, body=body.encode()))
    assert (reply.malformed, reply.notes, reply.faults) == (None, (), ())
    assert reply.balance_minor == 100_000


@pytest.mark.parametrize("config", [backend_config(FOLDER, 8001), proxy_config(FOLDER, 8001, 8002)])
def test_configuration_is_whole_and_stays_in_its_folder(config: str) -> None:
    assert config.count("{") == config.count("}")
    assert "listen 127.0.0.1:8001;" in config
    assert "pid folder/nginx.pid;" in config
    assert "daemon off;" in config


def test_backend_answers_both_replies() -> None:
    config = backend_config(FOLDER, 8001)
    assert f"~^[0-9][0-9]$ '{AUTHENTICATE_REPLY}';" in config
    assert f"default '{BET_REPLY}';" in config
    assert "return 200 $reply;" in config


def test_only_authenticate_is_so_short() -> None:
    data = authenticate_data(ACCOUNT)
    check = check_text(Command.AUTHENTICATE, Revision.GUID)
    assert len(render_callback(Command.AUTHENTICATE, data, check, 1_800_000_000)) < 100


def test_proxy_keeps_its_connections_to_the_backend() -> None:
    config = proxy_config(FOLDER, 8001, 8002)
    for line in (
        "server 127.0.0.1:8002;",
        "keepalive 256;",
        "proxy_http_version 1.1;",
        'proxy_set_header Connection "";',
    ):
        assert line in config
