"""Callbacks of a case: the hub's bytes, the variations, and what is kept of them."""

from __future__ import annotations

import json

import pytest

from meganodes.certification.play import Play
from meganodes.certification.sending import MASK, MASK_OF_WRONG, How, Sender, Swap
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.signature import verify
from meganodes.protocol.wire import CALLBACK_HEADERS
from tests.support.certifying import ACCOUNT, TOKEN, Scripted, a_line, ok

KEY = b"a secret of thirty-two bytes, or"
PLAY = Play(
    account=ACCOUNT,
    trans_guid="mn-1",
    trans_id=2**52 + 1,
    round_id="r-1",
    amount_minor=37,
    time_stamp_ms=1_790_000_000_000,
    exponent=2,
)


async def sent(
    command: Command = Command.BET, how: How | None = None, **target: object
) -> tuple[Sender, dict[str, str], bytes]:
    """Send one callback; give the sender, the headers and the body as they went out."""
    line = a_line(lambda _: ok(balance=1), **target)
    sender = Sender(line)
    data = PLAY.data(command, line.target.revision)
    await sender.ask(command, ACCOUNT, data, how or How())
    assert isinstance(line.transport, Scripted)
    (request,) = line.transport.seen
    return sender, dict(request.headers), request.body


@pytest.mark.parametrize("command", list(Command))
@pytest.mark.parametrize("revision", list(Revision))
async def test_a_callback_looks_like_a_hubs(command: Command, revision: Revision) -> None:
    _, headers, body = await sent(command, revision=revision, signing_secret=KEY)
    assert list(headers) == list(CALLBACK_HEADERS)
    assert headers["Callback-Token"] == TOKEN
    envelope = json.loads(body)
    assert list(envelope) == ["command", "data", "timestamp", "check"]
    assert envelope["command"] == command
    now_seconds = int(envelope["timestamp"])
    assert verify(
        [KEY],
        headers["webhook-id"],
        headers["webhook-timestamp"],
        body,
        headers["webhook-signature"],
        now_seconds=now_seconds,
    )


async def test_without_a_secret_nothing_is_signed() -> None:
    _, headers, _ = await sent()
    assert "webhook-signature" not in headers


async def test_a_step_keeps_the_bytes_and_masks_what_is_secret() -> None:
    sender, headers, body = await sent(signing_secret=KEY)
    (step,) = sender.steps
    kept = dict(step.request.headers)
    assert step.request.body == body
    assert kept["Callback-Token"] == kept["webhook-signature"] == MASK
    assert kept["webhook-id"] == headers["webhook-id"]
    assert step.reading == "The reply says result 0, balance 1.00."


async def test_another_token_is_sent_or_none() -> None:
    _, headers, _ = await sent(how=How(token="other"))
    assert headers["Callback-Token"] == "other"
    sender, _, _ = await sent(how=How(token=TOKEN[:-1]))
    (step,) = sender.steps
    assert dict(step.request.headers)["Callback-Token"] == MASK_OF_WRONG
    _, headers, _ = await sent(how=How(token=""))
    assert "Callback-Token" not in headers


async def test_an_old_callback_has_old_times() -> None:
    _, now, new_body = await sent()
    _, old, old_body = await sent(how=How(age_seconds=600))
    assert int(now["webhook-timestamp"]) - int(old["webhook-timestamp"]) == 600
    times = [int(json.loads(body)["timestamp"]) for body in (new_body, old_body)]
    assert times[0] - times[1] == 600


async def test_bytes_are_swapped_before_they_are_signed() -> None:
    swap = Swap(b'"amount":0.37', b'"amount":-0.37')
    _, headers, body = await sent(how=How(swap=swap), signing_secret=KEY)
    assert b'"amount":-0.37' in body
    signature, when = headers["webhook-signature"], int(headers["webhook-timestamp"])
    assert verify([KEY], headers["webhook-id"], when, body, signature, now_seconds=when)


async def test_only_replies_that_came_alone_are_timed() -> None:
    line = a_line(lambda _: ok(balance=1))
    sender = Sender(line)
    data = PLAY.data(Command.BALANCE, Revision.GUID)
    await sender.ask(Command.BALANCE, ACCOUNT, data)
    assert line.durations == [0.01]
