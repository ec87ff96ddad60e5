"""Callbacks in the reference against the bytes that are sent and the reader of replies."""

from __future__ import annotations

import json
from typing import Any

import pytest

from meganodes.main_api.reference.documents import document_json
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import (
    Category,
    Command,
    Movement,
    Revision,
    authenticate_data,
    balance_data,
    bet_data,
    cancel_data,
    check_text,
    checks,
    status_data,
    win_data,
)
from meganodes.protocol.replies import HttpReply, Question, read_reply, results
from meganodes.protocol.wire import CALLBACK_HEADERS, render_callback
from tests.support.calls import a_movement
from tests.support.openapi import misfits

DOCUMENT = json.loads(document_json("main"))
EVERY_CALLBACK = pytest.mark.parametrize(
    ("command", "revision"),
    [(command, revision) for command in Command for revision in Revision],
    ids=lambda each: each.value,
)
MOVEMENTS = [
    a_movement(),
    a_movement(category=Category.LIVE, sub_category="roulette", amount_minor=0),
    a_movement(category=Category.MINI, sub_category="crash", amount_minor=2**53 - 1, exponent=8),
    a_movement(category=Category.SLOTS, sub_category="table", amount_minor=7, exponent=0),
]


def item(command: Command, revision: Revision) -> Any:  # noqa: ANN401 - JSON
    """The description of a callback; those that are the same in both revisions stand there once."""
    callbacks = DOCUMENT["webhooks"]
    name = command.value if command.value in callbacks else f"{command.value}-{revision.value}"
    return callbacks[name]["post"]


def data(command: Command, revision: Revision, movement: Movement) -> bytes:
    match command:
        case Command.AUTHENTICATE:
            return authenticate_data(movement.account)
        case Command.BALANCE:
            return balance_data(movement.account)
        case Command.BET:
            return bet_data(revision, movement)
        case Command.WIN:
            return win_data(revision, movement)
        case Command.CANCEL:
            return cancel_data(revision, movement, movement.trans_guid, movement.trans_id)
        case Command.STATUS:
            return status_data(revision, movement.account, movement.trans_guid, movement.trans_id)


@EVERY_CALLBACK
@pytest.mark.parametrize("movement", MOVEMENTS)
def test_what_is_sent_fits(command: Command, revision: Revision, movement: Movement) -> None:
    check = check_text(command, revision)
    body = render_callback(command, data(command, revision, movement), check, 1_790_000_000)
    schema = item(command, revision)["requestBody"]["content"]["application/json"]["schema"]
    assert misfits(DOCUMENT, schema, json.loads(body)) == []


@EVERY_CALLBACK
def test_what_is_never_sent_does_not_fit(command: Command, revision: Revision) -> None:
    check = check_text(command, revision)
    body = json.loads(render_callback(command, data(command, revision, a_movement()), check, 1))
    schema = item(command, revision)["requestBody"]["content"]["application/json"]["schema"]
    assert misfits(DOCUMENT, schema, {**body, "check": "99"})
    assert misfits(DOCUMENT, schema, {**body, "command": "refund"})
    assert misfits(DOCUMENT, schema, {**body, "data": {**body["data"], "rtp": 1}})
    for name in body["data"]:
        without = {key: value for key, value in body["data"].items() if key != name}
        assert misfits(DOCUMENT, schema, {**body, "data": without})


@EVERY_CALLBACK
def test_each_reply_that_is_shown_reads_without_a_note(
    command: Command, revision: Revision
) -> None:
    answers = item(command, revision)["responses"]["200"]["content"]["application/json"]
    for example in answers["examples"].values():
        value = example["value"]
        if isinstance(value.get("data"), dict) and "balance" in value["data"]:
            value = {**value, "data": {**value["data"], "balance": "BALANCE"}}
        body = json.dumps(value).replace('"BALANCE"', "119.00")
        account = "anna"
        question = Question(command=command, revision=revision, account=account, exponent=2)
        reply = read_reply(
            question,
            HttpReply(
                status=200,
                headers=((b"Content-Type", b"application/json"),),
                body=body.encode(),
            ),
        )
        assert reply.malformed is None
        assert reply.faults == ()
        assert set(reply.notes) <= {"data is missing"}


@EVERY_CALLBACK
def test_results_and_checks_are_those_of_the_protocol(command: Command, revision: Revision) -> None:
    content = item(command, revision)
    examples = content["responses"]["200"]["content"]["application/json"]["examples"]
    shown = [each["value"]["result"] for each in examples.values()]
    assert shown == list(results(command, revision))
    for number, check in enumerate(checks(command, revision), 1):
        assert f"{number}. **{check}** " in content["description"]
    for result in results(command, revision):
        assert f"* **{result}** {ResultCode(result).sentence}" in content["description"]
    schema = content["responses"]["200"]["content"]["application/json"]["schema"]
    for result in {0, 21, 22, 31, 41, 42, 43, 99, 100} - set(shown):
        balance = {"balance": 1}
        assert misfits(DOCUMENT, schema, {"result": result, "status": "ERROR", "data": balance})


@EVERY_CALLBACK
def test_headers_are_told_in_the_casing_of_the_wire(command: Command, revision: Revision) -> None:
    told = [each["name"] for each in item(command, revision)["parameters"]]
    elsewhere = {"Callback-Token", "Accept", "Content-Type"}
    assert told == [name for name in CALLBACK_HEADERS if name not in elsewhere]


def test_commands_that_are_the_same_in_both_revisions_stand_there_once() -> None:
    assert list(DOCUMENT["webhooks"]) == [
        "authenticate",
        "balance",
        *(f"{name}-{way}" for name in ("bet", "win", "cancel", "status") for way in ("guid", "id")),
    ]
