"""Certification: result and status that a hub cannot take, and what was meant by them."""

import json

import pytest

from meganodes.certification.mistakes.envelope import envelope_mistake
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.wire import load_json
from tests.unit.protocol.asking import question


def words(
    body: str, command: Command = Command.BET, revision: Revision = Revision.GUID
) -> str | None:
    envelope = load_json(body.encode())
    assert isinstance(envelope, dict)
    found = envelope_mistake(question(command, revision=revision), envelope)
    return None if found is None else f"{found.sentence} {found.mend}"


@pytest.mark.parametrize(
    "body",
    ['{"result":0}', '{"result":0,"status":"ok"}', '{"result":"31"}', '{"result":99,"status":7}'],
)
def test_what_the_hub_takes_is_no_mistake(body: str) -> None:
    assert words(body) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ('{"code":0,"message":"OK","data":{}}', "shape of a Main API answer"),
        ('{"Result":0}', 'The key is written "Result".'),
        ('{"data":{"result":0,"balance":1}}', "inside of data"),
        ('{"balance":12.50}', "stand alone"),
        ('{"success":true}', "success is true, but result is missing"),
        ('{"error":"low"}', 'error is the text "low"'),
        ('{"hello":1}', "result is missing. "),
        ('{"result":false}', "meant as 99"),
        ('{"result":true}', "meant as 0"),
        ('{"result":null}', "a branch"),
        ('{"result":0.0}', "0, not 0.0"),
        ('{"result":"OK"}', "not its name"),
        ('{"result":[0]}', "one number"),
        ('{"result":200}', "status of HTTP"),
        ('{"result":2006}', "code of the Main API"),
        ('{"result":1}', "A failure of your own is 99."),
        ('{"result":99999999999999}', "A failure of your own is 99."),
        ('{"result":42}', "42 is for status"),
        ('{"result":0,"status":"ERROR"}', "contradicts result 0"),
        ('{"result":31,"status":"OK"}', "contradicts result 31"),
    ],
)
def test_each_envelope_is_named_by_its_mistake(body: str, expected: str) -> None:
    said = words(body)
    assert said is not None
    assert expected in said.replace("in every branch", "a branch")


@pytest.mark.parametrize(
    ("command", "revision", "result", "expected"),
    [
        (Command.CANCEL, Revision.GUID, 42, "is 43 in revision guid"),
        (Command.CANCEL, Revision.ID, 43, "is 42 in revision id"),
        (Command.CANCEL, Revision.GUID, 31, "needs no balance"),
        (Command.WIN, Revision.GUID, 31, "adds to it"),
        (Command.WIN, Revision.ID, 42, "also when its bet is not known"),
        (Command.WIN, Revision.GUID, 43, "book the win"),
        (Command.STATUS, Revision.GUID, 41, "trans_status OK"),
        (Command.STATUS, Revision.ID, 43, "is 42 there"),
        (Command.STATUS, Revision.GUID, 22, "locked players too"),
    ],
)
def test_a_result_of_another_command_is_named_by_what_was_meant(
    command: Command, revision: Revision, result: int, expected: str
) -> None:
    said = words(json.dumps({"result": result, "status": "ERROR"}), command, revision)
    assert said is not None
    assert expected in said
    assert f"result is {result}, which {command} has not" in said
