"""Certification: what is said about a reply agrees with how the hub reads it, whatever comes."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meganodes.certification.diagnosis import Diagnosis, KnownMoney, diagnose, diagnose_reply
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.replies import HttpReply, Question, read_reply
from tests.unit.protocol.asking import JSON, question, refusal, success, with_balance

BET = question(Command.BET)


def diagnosed(
    body: str | bytes, asked: Question = BET, *, status: int = 200, known: KnownMoney | None = None
) -> tuple[Diagnosis, ...]:
    raw = body.encode() if isinstance(body, str) else body
    return diagnose(asked, HttpReply(status=status, headers=JSON, body=raw), known)


@pytest.mark.parametrize("command", Command)
def test_nothing_is_said_about_a_good_reply(command: Command) -> None:
    assert diagnosed(success(command), question(command)) == ()


@pytest.mark.parametrize(("result", "command"), [(21, "win"), (31, "bet"), (100, "cancel")])
def test_nothing_is_said_about_a_good_refusal(result: int, command: str) -> None:
    assert diagnosed(refusal(result), question(Command(command))) == ()


def test_the_gravest_comes_first_and_the_tolerated_last() -> None:
    body = '{"result":"31","status":"ERROR","data":{"amount":5}}'
    missing, text, extra = diagnosed(body)
    assert missing.sentence == 'data.balance is missing; "amount" stands there instead.'
    assert not missing.tolerated
    assert text.sentence == 'result is the text "31", not a number.'
    assert text.mend == "Send result as a number, without quotes."
    assert (text.tolerated, extra.tolerated) == (True, True)


def test_one_mistake_is_named_once_though_it_makes_two_faults() -> None:
    (found,) = diagnosed('{"result":0,"status":"OK","data":[]}')
    assert found.sentence == "data is a list, no object."
    assert "(object)[]" in found.mend


def test_of_a_malformed_reply_the_oddities_are_not_told() -> None:
    (found,) = diagnosed('\ufeff{"result":1,"extra":1}')
    assert found.rule.startswith("3.2")
    assert not found.tolerated


def test_a_well_written_wrong_balance_is_diagnosed_when_the_right_one_is_known() -> None:
    known = KnownMoney(before_minor=1_350, moved_minor=-100)
    assert diagnosed(with_balance("12.50"), known=known) == ()
    (found,) = diagnosed(with_balance("1250.00"), known=known)
    assert "minor units (cents)" in found.sentence


def test_a_reply_in_parts_is_diagnosed_without_the_account() -> None:
    body = success(Command.AUTHENTICATE).encode()
    parts = (Command.AUTHENTICATE, Revision.GUID, 2, 200, "application/json")
    assert diagnose_reply(*parts, body) == ()
    (found,) = diagnose_reply(*parts[:4], "text/html", body)
    assert (found.tolerated, found.mend) == (True, "Send Content-Type: application/json.")


def test_compressed_and_too_large_replies_keep_the_words_of_the_protocol() -> None:
    body = success(Command.BET).encode()
    for headers, sentence, mend in (
        (
            (*JSON, (b"Content-Encoding", b"gzip")),
            "Content-Encoding is not identity.",
            "Send the body uncompressed.",
        ),
        ((*JSON, (b"X", b"a" * 9_000)), "The headers have 9037 bytes.", "Send at most 8192."),
    ):
        (found,) = diagnose(BET, HttpReply(status=200, headers=headers, body=body))
        assert (found.sentence, found.mend) == (sentence, mend)
    (found,) = diagnosed(body.ljust(65_537))
    assert found.sentence == "The body has 65537 bytes."


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 120)
    | st.decimals(-10, 10_000, places=3).map(str)
    | st.sampled_from(["OK", "ERROR", "anna", "CANCELED", "21", "12,50", ""]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                [
                    "result",
                    "status",
                    "data",
                    "balance",
                    "account",
                    "trans_status",
                    "permissions",
                    "play",
                    "max_bet",
                    "session_minutes",
                    "language",
                    "code",
                    "message",
                    "amount",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)
DATA = st.dictionaries(
    st.sampled_from(
        ["balance", "account", "trans_status", "permissions", "language", "country", "amount"]
    ),
    VALUES,
    max_size=4,
)
ENVELOPES = st.fixed_dictionaries(
    {"result": st.sampled_from([0, 21, 31, 41, 42, 43, 99, "0", 7]), "data": DATA | VALUES},
    optional={"status": st.sampled_from(["OK", "ERROR", "ok", None, "FAIL"])},
)
BODIES = (
    st.binary(max_size=40)
    | st.text(max_size=40).map(str.encode)
    | (VALUES | ENVELOPES).map(lambda value: json.dumps(value).encode())
    | (VALUES | ENVELOPES).map(lambda value: b"\xef\xbb\xbf" + repr(value).encode())
)
QUESTIONS = st.builds(
    Question,
    command=st.sampled_from(Command),
    revision=st.sampled_from(Revision),
    account=st.just("anna"),
    exponent=st.sampled_from([0, 2, 8]),
)


@given(
    asked=QUESTIONS,
    status=st.sampled_from([200] * 8 + [204, 302, 400, 418, 500]),
    headers=st.sampled_from([JSON, (), ((b"Content-Type", b"text/html"),)]),
    body=BODIES,
)
def test_something_is_said_exactly_where_the_hub_has_something_to_say(
    asked: Question, status: int, headers: tuple[tuple[bytes, bytes], ...], body: bytes
) -> None:
    http_reply = HttpReply(status=status, headers=headers, body=body)
    reply = read_reply(asked, http_reply)
    found = diagnose(asked, http_reply)
    assert bool(found) == bool(reply.malformed or reply.faults or reply.notes)
    assert all(each.tolerated for each in found) == (not reply.malformed and not reply.faults)
    for each in found:
        assert each.rule[:3] in {"2.1", "3.2", "3.3"}
        assert each.sentence.endswith(".")
        assert each.mend.endswith(".")
        assert "\n" not in each.sentence
