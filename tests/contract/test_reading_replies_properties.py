"""Contract 3.3 for bytes nobody thought of: never an exception, never a success by accident.

An answer is definite only where an oracle agrees that shares no code with the reader: a strict
grammar of its own, and the rules of the contract written out plainly.
"""

import json
import random
import time
from collections.abc import Callable
from decimal import Decimal
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meganodes.callbacks.interpret import interpret
from meganodes.domain.outcome import Outcome, Unknown
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.replies import HttpReply, Question, Reply, read_reply
from tests.support.effort import effort
from tests.support.reply_oracle import meaning
from tests.unit.protocol.asking import JSON, question, success

T = TypeVar("T")
pytestmark = pytest.mark.thorough
TOTAL = settings(max_examples=effort(1_000, 10_000), derandomize=True, deadline=None, database=None)
MANY = settings(max_examples=effort(500, 10_000), derandomize=True, deadline=None, database=None)
MUTATIONS = effort(20_000, 100_000)
HANG_SECONDS = 20.0

# --- bytes that look like replies ----------------------------------------------------------------

HOSTILE = (
    "0", "0", "0", "21", "31", "41", "99", "100", "-0", "0.0", "0e0", "false", "true", "null",
    '""', '"0"', '"0 "', '"00"', '"+0"', '"\uff10"', "[0]", "[]", "{}", "1e400", "NaN",
    "Infinity", "-1", "12.50", "12.5", "12.509", '"12.50"', '"1,234.50"', "1.0E7", "-12.50",
    "9007199254740991", "9007199254740992", '"OK"', '"OK"', '"ok"', '"ERROR"', '"error"',
    '"CANCELED"', '"anna"', '"bert"', '"\\ud800"', '"\\u0061nna"', "9" * 50,
    '"1e3"',
    "[[[[[[[[1]]]]]]]]", '{"a":{"a":{"a":{"a":{"a":{"a":{"a":1}}}}}}}', "[[[[[[1]]]]]]",
)  # fmt: skip
PERMISSIONS = (
    "{}", '{"play":true}', '{"play":0}', '{"play":"no"}', '{"max_bet":1.5}', '{"max_bet":"1"}',
    '{"max_bet":-1}', '{"session_minutes":1}', '{"session_minutes":1.0}', "null", "[]", "true",
)  # fmt: skip
BALANCES = st.decimals(-(10**16), 10**17, places=2).map(str) | st.integers(-9, 10**17).map(str)
BLANKS = st.sampled_from(("", "", "", " ", "\n"))


def mostly(usual: st.SearchStrategy[T], rare: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    """Give the usual in five of six cases, so that replies with a single flaw are common."""
    return st.integers(0, 5).flatmap(lambda side: rare if side == 3 else usual)


def objects(**members: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Give texts of JSON objects that have most of these members, and sometimes others or twice."""
    absent: st.SearchStrategy[tuple[str, str] | None] = st.none()
    named = [mostly(st.tuples(st.just(key), value), absent) for key, value in members.items()]
    more = st.lists(st.tuples(st.sampled_from((*members, "x")), VALUES), min_size=1, max_size=1)
    return st.builds(written, st.tuples(*named), mostly(st.just([]), more), BLANKS)


def written(
    members: tuple[tuple[str, str] | None, ...], more: list[tuple[str, str]], blank: str
) -> str:
    texts = [f'"{pair[0]}":{blank}{pair[1]}' for pair in (*members, *more) if pair is not None]
    return "{" + ",".join(texts) + blank + "}"


FOREIGN = st.sampled_from(HOSTILE)
RESULTS = st.sampled_from(("21", "22", "31", "41", "42", "43", "100"))
VALUES = FOREIGN | BALANCES | st.text(max_size=4).map(json.dumps)
DATA = objects(
    account=mostly(st.just('"anna"'), FOREIGN),
    balance=mostly(st.just("12.50"), BALANCES | FOREIGN),
    trans_status=mostly(st.sampled_from(('"OK"', '"CANCELED"')), FOREIGN),
    permissions=st.sampled_from(PERMISSIONS),
)
BODIES = objects(
    result=mostly(st.just("0"), RESULTS | FOREIGN),
    status=mostly(st.just('"OK"'), st.just('"ERROR"') | FOREIGN),
    data=mostly(DATA, VALUES),
)

Change = Callable[[bytes], bytes]
CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.integers(0, 80).map(lambda at: lambda body: body[:at]),
    st.tuples(st.integers(0, 80), st.integers(0, 4)).map(
        lambda cut: lambda body: body[: cut[0]] + body[cut[0] + cut[1] :]
    ),
    st.tuples(st.integers(0, 80), st.binary(min_size=1, max_size=3)).map(
        lambda put: lambda body: body[: put[0]] + put[1] + body[put[0] :]
    ),
    st.sampled_from((b"\xef\xbb\xbf", b" ", b"\0", b"[")).map(
        lambda head: lambda body: head + body
    ),
    st.sampled_from((b"{}", b" ", b"\0", b"]", b"x")).map(lambda tail: lambda body: body + tail),
    st.just(lambda body: body + body),
    st.sampled_from(("utf-16", "utf-32-le")).map(
        lambda charset: lambda body: body.decode("utf-8", "replace").encode(charset)
    ),
)
QUESTIONS = st.builds(
    question,
    st.sampled_from(Command),
    revision=st.sampled_from(Revision),
    exponent=st.sampled_from((0, 1, 2, 3, 4, 8)),
    overdraft_allowed=st.booleans(),
)
HTTP_STATUSES = mostly(st.just(200), st.sampled_from((201, 302, 400, 500)))
HEADERS = mostly(
    st.just(JSON),
    st.sampled_from([(), (*JSON, (b"Content-Encoding", b"gzip"))]),
)


def is_accepted(reply: Reply) -> bool:
    return reply.malformed is None and reply.result == 0


def hold(asked: Question, http_reply: HttpReply) -> Outcome:
    """Read, interpret and compare with the oracle; this is the whole property."""
    reply = read_reply(asked, http_reply)
    outcome = interpret(asked.command, reply)
    if not isinstance(outcome, Unknown):
        meant = meaning(asked, http_reply)
        assert meant is not None
        assert meant.kind == type(outcome).__name__.lower()
        assert reply.balance_minor in {None, meant.balance_minor}
    if reply.malformed is not None:
        assert reply.malformed.isprintable()
        assert (reply.balance_minor, reply.trans_status, reply.permissions) == (None, None, None)
    if reply.balance_minor is not None:
        assert 0 <= abs(reply.balance_minor) <= 2**53 - 1
        assert reply.balance_minor >= 0 or asked.overdraft_allowed
    return outcome


@pytest.mark.rule("3.3-total-reading")
@pytest.mark.slow
@TOTAL
@given(
    QUESTIONS,
    BODIES,
    st.just([]) | st.lists(CHANGES, min_size=1, max_size=2),
    HTTP_STATUSES,
    HEADERS,
)
def test_no_reply_is_definite_unless_the_oracle_agrees(
    asked: Question,
    text: str,
    changes: list[Change],
    status: int,
    headers: tuple[tuple[bytes, bytes], ...],
) -> None:
    body = text.encode("utf-8", "surrogatepass")
    for change in changes:
        body = change(body)
    hold(asked, HttpReply(status=status, headers=headers, body=body))


@pytest.mark.rule("3.3-total-reading")
@MANY
@given(QUESTIONS, st.binary(max_size=200))
def test_arbitrary_bytes_are_never_an_answer(asked: Question, body: bytes) -> None:
    assert isinstance(hold(asked, HttpReply(status=200, headers=JSON, body=body)), Unknown)


@MANY
@given(QUESTIONS, st.integers(0, 2**53 - 1))
def test_a_good_reply_is_always_a_success_with_its_exact_balance(
    asked: Question, balance_minor: int
) -> None:
    scaled = Decimal(balance_minor).scaleb(-asked.exponent)
    data = f'{{"account":"anna","balance":{scaled:f},"trans_status":"OK"}}'
    body = f'{{"result":0,"status":"OK","data":{data}}}'.encode()
    http_reply = HttpReply(status=200, headers=JSON, body=body)
    reply = read_reply(asked, http_reply)
    assert is_accepted(reply)
    assert meaning(asked, http_reply) is not None
    if asked.command is not Command.STATUS:
        assert reply.balance_minor == balance_minor


@pytest.mark.rule("3.3-total-reading")
@pytest.mark.slow
def test_broken_replies_are_never_a_success() -> None:
    """Cheap mutations from one seed: many more than a structured search can afford."""
    dice = random.Random(20_260_101)  # noqa: S311 - a seed that repeats is the point
    originals = [(question(command), success(command).encode()) for command in Command]
    tokens = [token.encode() for token in HOSTILE]
    accepted = 0
    for _ in range(MUTATIONS):
        asked, body = dice.choice(originals)
        http_reply = HttpReply(status=200, headers=JSON, body=mutated(body, tokens, dice))
        hold(asked, http_reply)
        accepted += is_accepted(read_reply(asked, http_reply))
    assert 0 < accepted < MUTATIONS // 2


def mutated(body: bytes, tokens: list[bytes], dice: random.Random) -> bytes:
    for _ in range(dice.randint(1, 3)):
        start = dice.randrange(len(body) + 1)
        end = start + dice.choice((0, 0, 1, 2, 5))
        put = dice.choice((b"", dice.randbytes(1), dice.choice(tokens), body[start:end]))
        body = body[:start] + put + body[end:]
    return body


@pytest.mark.rule("3.3-total-reading")
@pytest.mark.parametrize(
    "body",
    [
        b"[" * 65_536,
        b'{"a":' * 13_000,
        b"[" + b"[]," * 21_000 + b"[]]",
        b'"' * 65_536,
        b'"\\' * 32_768,
        b'["' + b'\\"' * 32_000,
        b"[" * 20 + b'"\\"' * 20_000,
        b"9" * 65_536,
        b"0." + b"9" * 65_000,
        b'{"result":0,"status":"OK","data":{"balance":' + b"9" * 60_000 + b"}}",
        b'{"result":0,"status":"OK","data":{"balance":"' + b"9" * 60_000 + b'"}}',
        b'{"result":"' + b"0" * 60_000 + b'"}',
        b"{" + b",".join(b'"%d":0' % n for n in range(6_000)) + b',"result":0}',
        b" " * 65_536,
        b"\xef\xbb\xbf" * 21_000,
        b'"' + b"\\ud83c" * 10_000 + b'"',
    ],
)
def test_no_body_within_the_limit_takes_long(body: bytes) -> None:
    """Each takes a few milliseconds; a quadratic reading would take minutes."""
    started = time.process_time()
    hold(question(Command.BET), HttpReply(status=200, headers=JSON, body=body))
    assert time.process_time() - started < HANG_SECONDS
