"""/v4/agent: what the hub knows of the caller, and a look at its backend."""

from __future__ import annotations

from typing_extensions import TypedDict

from meganodes.hub import callback_test
from meganodes.hub.uses import Use
from meganodes.main_api.v4.endpoint import ApiCall, Endpoint
from meganodes.main_api.v4.envelope import Answer, done
from meganodes.main_api.v4.errors import CallRefused, busy
from meganodes.main_api.v4.schemas import Amount, NoFields
from meganodes.protocol.wire import Exact


class AgentFacts(TypedDict):
    """Data of agent/info. `balance`, `rtp` and `win_ratio` are always 0."""

    name: str
    currency: int
    currency_code: str
    balance: Amount
    rtp: int
    win_ratio: int
    whitelist: list[str]
    client_ip: str
    state: str
    mode: str


class BackendFacts(TypedDict):
    """Data of agent/callback-test."""

    callback_url: str
    time: str
    reachable: bool
    http_status: int | None
    token_checked: bool
    reply: str


async def tell_agent(call: ApiCall, _body: NoFields) -> Answer:
    """Answer agent/info."""
    agent = call.agent
    facts: AgentFacts = {
        "name": agent.name,
        "currency": agent.currency.number,
        "currency_code": agent.currency.code,
        "balance": Exact(0, agent.currency.exponent),
        "rtp": 0,
        "win_ratio": 0,
        "whitelist": list(agent.allow_list),
        "client_ip": call.client_address,
        "state": agent.state.value,
        "mode": "seamless",
    }
    return done(facts)


async def look_at_backend(call: ApiCall, _body: NoFields) -> Answer:
    """Answer agent/callback-test: 0 whenever the test could be run, whatever it found.

    It makes two calls to somebody's server, so it has few turns (reliability 3.9, rule 9).
    """
    wait_seconds = call.hub.take(Use.CALLBACK_TEST, call.agent.agent_id)
    if wait_seconds:
        raise CallRefused(busy(wait_seconds))
    found = await callback_test.run(call.hub, call.agent)
    facts: BackendFacts = {
        "callback_url": found.callback_url,
        "time": f"{found.duration_ms}ms",
        "reachable": found.reachable,
        "http_status": found.http_status,
        "token_checked": found.token_checked,
        "reply": found.reply,
    }
    return done(facts)


ENDPOINTS = (
    Endpoint(
        path="/v4/agent/info",
        summary="What the hub knows of the calling agent.",
        body=NoFields,
        answer=tell_agent,
        data=AgentFacts,
        when_suspended=True,
    ),
    Endpoint(
        path="/v4/agent/callback-test",
        summary="Send one authenticate callback to the agent's backend and report.",
        body=NoFields,
        answer=look_at_backend,
        data=BackendFacts,
    ),
)
