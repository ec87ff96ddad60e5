"""Who calls: the bearer token, then the address, then the agent's state (contract 2.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.requests import Request

from meganodes.directory.records import Agent, AgentState
from meganodes.kit.addresses import Address, caller_address, is_allowed
from meganodes.main_api.v4.errors import (
    ADDRESS_NOT_ALLOWED,
    NO_TOKEN,
    WRONG_TOKEN,
    CallRefused,
)

if TYPE_CHECKING:
    from meganodes.directory.port import Directory
    from meganodes.main_api.settings import MainApiSettings


def agent_of(directory: Directory, request: Request) -> Agent:
    """Find the agent by its API token; raises `CallRefused` with 1007 or 1009."""
    agent = directory.agent_by_api_token(_bearer_token(request))
    if agent is None:
        raise CallRefused(WRONG_TOKEN)
    return agent


def _bearer_token(request: Request) -> str:
    lines = request.headers.getlist("authorization")
    if len(lines) > 1:
        raise CallRefused(WRONG_TOKEN)
    scheme, _, token = (lines[0] if lines else "").strip().partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise CallRefused(NO_TOKEN)
    return token.strip()


def address_of(request: Request, settings: MainApiSettings) -> Address | None:
    """Find the caller's address; None when it cannot be known."""
    peer = request.client.host if request.client else None
    forwarded_for = request.headers.getlist("x-forwarded-for")
    return caller_address(peer, forwarded_for, settings.trusted_proxies)


def check_address(agent: Agent, address: Address | None) -> None:
    """Raise `CallRefused` with 1020 when the agent's allow list lacks the caller's address."""
    if not is_allowed(agent.allow_list, address):
        raise CallRefused(ADDRESS_NOT_ALLOWED)


def state_allows(agent: Agent, *, when_suspended: bool) -> bool:
    """Say whether the agent's state lets the endpoint work at all (contract 1)."""
    return when_suspended or agent.state is not AgentState.SUSPENDED
