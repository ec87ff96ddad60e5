"""Certification: one callback explained from a paste."""

import json

import pytest

from meganodes.certification.captured import captured
from meganodes.certification.explaining import Explanation, Told, Unexplained, explain
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.signature import secret_text, sign

NOW = 1_760_000_000
SECRET = secret_text(b"k" * 32)
NOTHING = Told()


def request(
    command: str = "bet", *, revision: str = "guid", amount: str | None = '"amount":12.50'
) -> str:
    named = '"trans_id":7' if revision == "id" else '"trans_guid":"mn-1"'
    members = ",".join(each for each in ('"account":"anna"', named, amount) if each)
    return f'{{"command":"{command}","data":{{{members}}},"timestamp":"{NOW}","check":"21"}}'


def explained(reply: str, command: str = "bet", told: Told = NOTHING, **more: str) -> Explanation:
    return explain(captured(request(command, **more) + "\n" + reply), told)


def answer(result: int, data: str = '{"balance":87.50}') -> str:
    status = "ERROR" if result else "OK"
    return f'{{"result":{result},"status":"{status}","data":{data}}}'


def test_a_good_reply_is_explained_and_not_blamed() -> None:
    found = explained(answer(0))
    assert found.asked == (
        "bet for the account anna, amount 12.50; revision guid, a currency with 2 decimals."
    )
    assert found.reads == "Result 0 (Done), balance 87.50: accepted, and that is final."
    assert (found.reply, found.signature) == ((), None)


@pytest.mark.parametrize(
    ("command", "result", "expected"),
    [
        ("bet", 31, "a refusal, and nothing was booked"),
        ("bet", 100, "a refusal, and nothing was booked"),
        ("bet", 41, "its cancel is sent until you accept it"),
        ("bet", 99, "its cancel is sent until you accept it"),
        ("win", 41, "accepted when it repeats"),
        ("win", 21, "no refusal ends a win: it stays owed"),
        ("cancel", 43, "keep a tombstone"),
        ("cancel", 22, "no refusal ends a cancel"),
        ("balance", 22, "a refusal"),
        ("authenticate", 99, "1015 (CALLBACK_ERROR)"),
        ("status", 42, "the transaction is not booked"),
        ("status", 99, "asked again"),
    ],
)
def test_what_a_result_means_depends_on_the_command(
    command: str, result: int, expected: str
) -> None:
    assert expected in explained(answer(result), command).reads


def test_a_question_that_was_answered_moves_nothing() -> None:
    data = '{"account":"anna","trans_guid":"mn-1","trans_status":"CANCELED"}'
    found = explained(answer(0, data), "status")
    assert found.reads == "Result 0 (Done), trans_status CANCELED: answered."


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        ("authenticate", "the launch fails"),
        ("balance", "asked again while the caller waits"),
        ("bet", "its cancel is sent"),
        ("win", "the same win is sent again"),
        ("cancel", "the same cancel is sent again"),
        ("status", "asked again"),
    ],
)
def test_a_malformed_reply_has_its_consequence_said(command: str, expected: str) -> None:
    found = explained("<html>", command)
    assert found.reads.startswith("Nothing it can believe: the body is not JSON")
    assert expected in found.reads
    assert "HTML page" in found.reply[0].sentence


def test_the_paste_tells_revision_and_decimals() -> None:
    assert "revision id" in explained(answer(0), revision="id").asked
    whole = explained(answer(0, '{"balance":8750}'), amount='"amount":1250')
    assert whole.asked.endswith("amount 1250; revision guid, a currency with 0 decimals.")
    assert whole.reply == ()
    assert "2 decimals" in explain(captured(answer(0)), Told(command=Command.BALANCE)).asked


def test_the_person_may_know_better_than_the_paste() -> None:
    told = Told(command=Command.WIN, revision=Revision.ID, exponent=0)
    found = explain(captured(answer(0, '{"balance":87}')), told)
    assert found.asked == "win; revision id, a currency with 0 decimals."
    assert found.reply == ()


@pytest.mark.parametrize(
    ("command", "balance", "expected"),
    [
        ("bet", "87.50", None),
        ("win", "112.50", None),
        ("bet", "8750.00", "cents"),
        ("bet", "100.00", "before the movement"),
        ("win", "87.50", "wrong sign"),
    ],
)
def test_the_balance_before_lets_the_sum_be_checked(
    command: str, balance: str, expected: str | None
) -> None:
    found = explained(answer(0, f'{{"balance":{balance}}}'), command, Told(before="100.00"))
    assert [expected in each.sentence for each in found.reply if expected] == (
        [True] if expected else []
    )
    assert bool(found.reply) == bool(expected)


def test_a_status_moves_nothing_and_has_no_balance_to_check() -> None:
    data = '{"account":"anna","trans_guid":"mn-1","trans_status":"OK"}'
    assert explained(answer(0, data), "status", Told(before="5.00")).reply == ()


@pytest.mark.parametrize(
    ("pasted", "told", "expected"),
    [
        (answer(0), NOTHING, "name it by --command"),
        (request(), NOTHING, "There is no reply in it"),
        (answer(0), Told(command=Command.BET, secret=SECRET), "needs the request's body"),
        (request() + answer(0), Told(before="1,5"), "Balance before 1,5"),
    ],
)
def test_what_is_missing_is_asked_for(pasted: str, told: Told, expected: str) -> None:
    with pytest.raises(Unexplained, match=expected):
        explain(captured(pasted), told)


def signed(body: str, *, date: str = "", sent: str | None = None) -> str:
    header = sign(b"k" * 32, "msg-1", NOW, (sent or body).encode())
    return (
        f"POST / HTTP/1.1\nwebhook-id: msg-1\nwebhook-timestamp: {NOW}\n"
        f"webhook-signature: {header}\n\n{body}\n\n"
        f"HTTP/1.1 200 OK\nContent-Type: application/json\n{date}\n\n{answer(0)}"
    )


def test_a_signature_is_looked_at_when_the_secret_is_given() -> None:
    assert explain(captured(signed(request())), NOTHING).signature is None
    assert explain(captured(signed(request())), Told(secret=SECRET)).signature == ()


def test_a_body_written_anew_is_named() -> None:
    anew = json.dumps(json.loads(request()))
    found = explain(captured(signed(anew, sent=request())), Told(secret=SECRET))
    assert found.signature
    assert "written anew" in found.signature[0].sentence


def test_the_clock_of_the_backend_is_read_off_its_reply() -> None:
    nine_hours_later = "Date: Thu, 09 Oct 2025 17:53:20 GMT"
    found = explain(captured(signed(request(), date=nine_hours_later)), Told(secret=SECRET))
    assert found.signature
    assert "9 h ahead" in found.signature[0].sentence
    odd = explain(captured(signed(request(), date="Date: soon")), Told(secret=SECRET))
    assert odd.signature == ()


def test_a_code_that_was_computed_is_explained_without_a_reply() -> None:
    pasted = signed(request()).partition("HTTP/1.1 200")[0]
    right = sign(b"k" * 32, "msg-1", NOW, request().encode())
    assert explain(captured(pasted), Told(secret=SECRET, computed=right)).signature == ()
    found = explain(captured(pasted), Told(secret=SECRET, computed="abc"))
    assert found.reads == ""
    assert found.signature


def test_a_secret_does_not_show_in_what_the_person_told() -> None:
    assert SECRET not in repr(Told(secret=SECRET))
