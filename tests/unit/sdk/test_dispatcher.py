"""The dispatcher itself: what the operator's code may do wrong, and what it costs to import."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

import meganodes.sdk
from meganodes.protocol.commands import Command
from meganodes.sdk import Accepted, Balance, Dispatcher, HttpAnswer, Refused, SignatureCheck
from meganodes.sdk.dispatcher import run_plain
from tests.support.fake_backend import (
    NOW_SECONDS,
    SECRET,
    TOKEN,
    AsyncFakeWallet,
    FakeWallet,
    callback,
    callback_headers,
)

INTERNAL_FAILURE = {"result": 99, "status": "ERROR", "data": {}}
TOKEN_WRONG = {"result": 100, "status": "ERROR", "data": {}}


class BrokenWallet(FakeWallet):
    """Each kind of mistake in an operator's code, one after the other."""

    failure: BaseException | object = None

    def balance(self, request: Balance) -> Accepted | Refused:
        super().balance(request)
        if isinstance(self.failure, BaseException):
            raise self.failure
        return self.failure  # type: ignore[return-value]


def ask(dispatcher: Dispatcher, command: Command = Command.BALANCE) -> object:
    body = callback(command)
    answer = asyncio.run(dispatcher.handle(callback_headers(body), body))
    assert answer.status == 200
    return json.loads(answer.body)


@pytest.mark.parametrize(
    "failure", [RuntimeError("database gone"), StopIteration(), None, {"balance": 1}, 5, ["x"]]
)
@pytest.mark.rule("3.2-result-99-100")
def test_whatever_the_backend_does_wrong_is_answered_99(
    failure: BaseException | object, caplog: pytest.LogCaptureFixture
) -> None:
    wallet = BrokenWallet()
    wallet.failure = failure
    assert ask(Dispatcher(wallet, callback_tokens=[TOKEN])) == INTERNAL_FAILURE
    assert len(wallet.seen) == 1
    assert caplog.records[-1].levelno == logging.ERROR
    assert caplog.records[-1].exc_info


def test_no_token_ever_reaches_the_log(caplog: pytest.LogCaptureFixture) -> None:
    dispatcher = Dispatcher(FakeWallet(), callback_tokens=[TOKEN])
    answer = dispatcher.turned_away({"Callback-Token": "mnc_of-somebody-else"})
    assert answer is not None
    assert json.loads(answer.body) == TOKEN_WRONG
    assert caplog.records
    assert "mnc_" not in caplog.text


def test_header_names_are_compared_without_case() -> None:
    dispatcher = Dispatcher(FakeWallet(), callback_tokens=[TOKEN])
    assert dispatcher.turned_away({"CALLBACK-TOKEN": TOKEN}) is None
    assert dispatcher.turned_away({"callback-token": TOKEN}) is None


@pytest.mark.parametrize("tokens", [[], [""], ["good", ""]])
def test_a_dispatcher_without_a_token_is_refused(tokens: list[str]) -> None:
    with pytest.raises(ValueError, match="callback token"):
        Dispatcher(FakeWallet(), callback_tokens=tokens)


@pytest.mark.parametrize("secrets", [[], ["no-secret"], ["whsec_c2hvcnQ="]])
def test_a_signature_check_without_a_usable_secret_is_refused(secrets: list[str]) -> None:
    with pytest.raises(ValueError, match="signing secret"):
        SignatureCheck(secrets=secrets, now_seconds=lambda: NOW_SECONDS)


@pytest.mark.parametrize(("age_seconds", "result"), [(0, 0), (300, 0), (301, 100), (-301, 100)])
def test_an_old_or_future_signature_is_refused(age_seconds: int, result: int) -> None:
    check = SignatureCheck(secrets=[SECRET], now_seconds=lambda: NOW_SECONDS + age_seconds)
    dispatcher = Dispatcher(FakeWallet(), callback_tokens=[TOKEN], signatures=check)
    answer = ask(dispatcher)
    assert isinstance(answer, dict)
    assert answer["result"] == result


def test_a_changed_body_does_not_fit_its_signature() -> None:
    check = SignatureCheck(secrets=[SECRET], now_seconds=lambda: NOW_SECONDS)
    dispatcher = Dispatcher(FakeWallet(), callback_tokens=[TOKEN], signatures=check)
    body = callback(Command.BET)
    tampered = body.replace(b"1.50", b"9.50")
    answer = asyncio.run(dispatcher.handle(callback_headers(body), tampered))
    assert json.loads(answer.body) == TOKEN_WRONG


def test_it_knows_whether_the_backend_waits() -> None:
    assert not Dispatcher(FakeWallet(), callback_tokens=[TOKEN]).is_async
    assert Dispatcher(AsyncFakeWallet(FakeWallet()), callback_tokens=[TOKEN]).is_async


def test_a_plain_method_that_waits_is_named() -> None:
    async def waits() -> HttpAnswer:
        await asyncio.sleep(0)
        raise AssertionError("never gets here")

    with pytest.raises(RuntimeError, match="async def"):
        run_plain(waits())


def test_everything_exported_is_there_and_nothing_else() -> None:
    assert sorted(meganodes.sdk.__all__) == meganodes.sdk.__all__
    assert all(hasattr(meganodes.sdk, name) for name in meganodes.sdk.__all__)


QUIET_MS = 20
"""What the standard library's part of the import takes on a quiet machine of the build's kind."""


def import_sdk(compiled: Path) -> tuple[float, str]:
    """Import the SDK afresh: milliseconds on a quiet machine, modules it must not load.

    The standard library's part is the yardstick: when it takes longer, other work slows this
    machine down, and the SDK's own part is slowed down alike.
    """
    script = (
        "import sys, time; start = time.process_time();"
        "import dataclasses, enum, hashlib, hmac, json, logging, typing;"
        "yardstick = time.process_time() - start; import meganodes.sdk;"
        "print(yardstick * 1000, (time.process_time() - start) * 1000);"
        "print(*{'asyncio', 'sqlite3', 'http.server', 'uvicorn'} & sys.modules.keys())"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPYCACHEPREFIX": str(compiled)},
    )
    times, loaded = run.stdout.split("\n", 1)
    yardstick_ms, took_ms = map(float, times.split())
    return took_ms * min(1.0, QUIET_MS / yardstick_ms), loaded.strip()


def test_importing_it_loads_no_server(tmp_path: Path) -> None:
    assert import_sdk(tmp_path)[1] == ""


def test_importing_it_takes_less_than_fifty_milliseconds(tmp_path: Path) -> None:
    """Compiled, as installed; the best of a few."""
    assert min(import_sdk(tmp_path)[0] for _ in range(5)) < 50
