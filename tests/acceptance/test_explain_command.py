"""`meganodes explain`: a callback that somebody pasted, explained without a hub or a network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from meganodes.cli.app import app
from meganodes.protocol.signature import secret_text, sign

SECRET = secret_text(bytes(range(32)))
BODY = (
    '{"command":"bet","data":{"gplay_id":"7","account":"anna","trans_guid":"mn-1",'
    '"amount":12.50,"type":1},"timestamp":"1760000000","check":"21,22,41,31"}'
)
CENTS = '{"result":0,"status":"OK","data":{"balance":8750}}'
GOOD = '{"result":0,"status":"OK","data":{"balance":87.50}}'


def run(*arguments: str, pasted: str = "", **environment: str) -> Result:
    return CliRunner().invoke(app, ["explain", *arguments], input=pasted, env=environment)


def both(reply: str, *, status: str = "200 OK", signature: str = "") -> str:
    return (
        "POST /callback HTTP/1.1\nwebhook-id: msg-1\nwebhook-timestamp: 1760000000\n"
        f"webhook-signature: {signature}\n\n{BODY}\n\n"
        f"HTTP/1.1 {status}\nContent-Type: application/json\n\n{reply}\n"
    )


def test_a_good_reply_ends_with_0() -> None:
    done = run("-", "--before", "100.00", pasted=both(GOOD))
    assert done.exit_code == 0, done.output
    assert "accepted, and that is final" in done.stdout
    assert "Nothing is wrong with it." in done.stdout


def test_a_mistake_is_named_with_its_rule_and_mend_and_ends_with_1(tmp_path: Path) -> None:
    file = tmp_path / "captured.txt"
    file.write_text(both(CENTS))
    done = run(str(file), "--before", "100.00")
    assert done.exit_code == 1
    assert "Asked: bet for the account anna, amount 12.50" in done.stdout
    assert "1. data.balance is 8750.00; 87.50 would be right: minor units (cents)" in done.stdout
    assert "Mend: Divide by 100" in done.stdout
    assert "Rule 2.1: amounts are in main units" in done.stdout
    assert "2. data.balance has 0 decimals, the currency has 2. (taken all the same" in done.stdout


def test_a_refusal_by_http_status_is_told_apart() -> None:
    reply = '{"result":31,"status":"ERROR","data":{"balance":1.00}}'
    done = run("-", pasted=both(reply, status="402 Payment Required"))
    assert done.exit_code == 1
    assert "although the body is a reply with result 31" in done.stdout
    assert "its cancel is sent until you accept it" in done.stdout


def test_json_says_the_same_for_programs() -> None:
    done = run("-", "--json", pasted=both("<html>"))
    document = json.loads(done.stdout)
    assert done.exit_code == 1
    assert document["signature"] is None
    assert document["reply"][0]["rule"].startswith("3.3")
    assert document["reply"][0]["tolerated"] is False


def test_a_reply_alone_wants_the_command_named() -> None:
    missing = run("-", pasted=GOOD)
    assert missing.exit_code == 2
    assert "name it by --command" in missing.stderr
    assert run("-", "--command", "win", "--currency", "eur", pasted=GOOD).exit_code == 0


def test_the_signature_is_looked_at_when_the_secret_is_there() -> None:
    right = sign(bytes(range(32)), "msg-1", 1_760_000_000, BODY.encode())
    fits = run("-", pasted=both(GOOD, signature=right), MEGANODES_SIGNING_SECRET=SECRET)
    assert fits.exit_code == 0, fits.output
    assert "The signature: Nothing is wrong with it." in fits.stdout
    anew = both(GOOD, signature=right).replace('"command":', '"command": ')
    broken = run("-", "--secret", SECRET, pasted=anew)
    assert broken.exit_code == 1
    assert "parsed and written anew" in broken.stdout
    code = run("-", "--secret", SECRET, "--computed", "00ff", pasted=both(GOOD, signature=right))
    assert "none of the usual mistakes" in code.stdout


@pytest.mark.parametrize(
    ("arguments", "pasted", "expected"),
    [
        (("-",), "", "There is nothing in it."),
        (("no-such-file",), "", "no-such-file: No such file"),
        (("-", "--currency", "XXXX"), GOOD, "There is no currency"),
        (("-", "--computed", "x"), GOOD, "--computed needs --secret"),
    ],
)
def test_wrong_usage_ends_with_2(arguments: tuple[str, ...], pasted: str, expected: str) -> None:
    done = run(*arguments, pasted=pasted)
    assert done.exit_code == 2
    assert expected in done.stderr
