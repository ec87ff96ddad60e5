"""A look at an agent's backend: can it be reached, does it answer well, does it check tokens.

It runs on the TEST lane: nothing of it counts for the circuit (contract 3.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meganodes.callbacks.gateway import Attempt, Call, Lane
from meganodes.domain.outcome import Refused
from meganodes.hub.calls import CALLBACK_TEST_ACCOUNT, agent_view, attempt_record
from meganodes.hub.refusal import outcome_sentence
from meganodes.kit.tokens import CALLBACK_PREFIX, new_token
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, authenticate_data

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.hub.core import Hub
    from meganodes.kit.secrets import Secret

WELL_FORMED = "well-formed"
_HTTP_OK = 200
_HTTP_DENIALS = frozenset({401, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTest:
    """What the test found (contract 2.2, agent/callback-test).

    ``reachable``: an HTTP answer came back. ``token_checked``: a second request, with a wrong
    token, was refused. ``reply`` is "well-formed" or the sentence that says what is wrong.
    """

    callback_url: str
    duration_ms: int
    reachable: bool
    http_status: int | None
    token_checked: bool
    reply: str


async def run(hub: Hub, agent: Agent) -> CallbackTest:
    """Send one authenticate for the test account, then one with a wrong token; never fails."""
    first = await _authenticate(hub, agent)
    reachable = first.http_status is not None
    token_checked = False
    if reachable:
        wrong_token = new_token(CALLBACK_PREFIX, hub.identity)
        token_checked = _token_was_checked(first, await _authenticate(hub, agent, wrong_token))
    return CallbackTest(
        callback_url=agent.callback_url,
        duration_ms=first.duration_ms,
        reachable=reachable,
        http_status=first.http_status,
        token_checked=token_checked,
        reply=_judged(first),
    )


async def _authenticate(hub: Hub, agent: Agent, token: Secret | None = None) -> Attempt:
    attempt_id = hub.identity.trans_id()
    call = Call(
        command=Command.AUTHENTICATE,
        data=authenticate_data(CALLBACK_TEST_ACCOUNT),
        account=CALLBACK_TEST_ACCOUNT,
        webhook_id=f"mn-test-{attempt_id}",
        attempt=1,
        lane=Lane.TEST,
        revision=agent.revision,
        ignore_circuit=True,
        token_override=token,
    )
    attempt = await hub.gateway.send(agent_view(agent), call)
    hub.journal.log(
        attempt_record(attempt, attempt_id, agent.agent_id, CALLBACK_TEST_ACCOUNT, None)
    )
    return attempt


def _token_was_checked(right: Attempt, wrong: Attempt) -> bool:
    """Result 100 proves it; so does HTTP 401 or 403 where the right token was let in."""
    if isinstance(wrong.outcome, Refused) and wrong.outcome.result == ResultCode.TOKEN_WRONG:
        return True
    return wrong.http_status in _HTTP_DENIALS and right.http_status == _HTTP_OK


def _judged(attempt: Attempt) -> str:
    reply = attempt.reply
    if reply is None:
        return outcome_sentence(attempt.outcome)
    return WELL_FORMED if reply.malformed is None else reply.malformed
