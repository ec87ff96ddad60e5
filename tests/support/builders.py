"""Records of the directory with sensible values; a test names only what it is about."""

from __future__ import annotations

from typing import Any

from meganodes.directory.records import (
    Agent,
    AgentState,
    Game,
    Launch,
    NewAgent,
    NewProvider,
    Provider,
    Session,
    Status,
    User,
)
from meganodes.kit.secrets import Secret
from meganodes.protocol.commands import Category, Revision
from meganodes.protocol.currency import currency

NOW_MS = 1_790_000_000_000
"""2026-09-21, where a `ManualClock` starts unless it is told otherwise."""
LAUNCH_URL = "https://play.example.com/start?s={session}&g={game_code}"


def an_agent(**values: object) -> Agent:
    """An approved agent with euros, as a look-up gives it."""
    usual: dict[str, Any] = {
        "agent_id": 1,
        "name": "acme",
        "parent_id": None,
        "state": AgentState.APPROVED,
        "currency": currency("EUR"),
        "time_zone": "UTC",
        "revision": Revision.GUID,
        "callback_url": "https://wallet.example.com/callback",
        "callback_token": Secret("mnc_example"),
        "signing_secrets": (Secret(b"s" * 32),),
        "allow_list": (),
        "overdraft_allowed": False,
        "tombstones_shown": False,
        "in_flight_max": None,
        "retry": {},
        "version": 1,
    }
    return Agent(**_with(usual, values))


def a_provider(**values: object) -> Provider:
    """A provider in normal operation, for all currencies."""
    usual: dict[str, Any] = {
        "provider_id": 7,
        "name": "Pixel Works",
        "names": {},
        "status": Status.NORMAL,
        "currencies": (),
        "launch_url": LAUNCH_URL,
        "replay_url": None,
        "wins_without_bet": False,
        "cancel_after_win": False,
        "allow_list": (),
        "version": 1,
    }
    return Provider(**_with(usual, values))


def a_game(**values: object) -> Game:
    """A slot that can be launched."""
    usual: dict[str, Any] = {
        "provider_id": 7,
        "game_code": "fruits",
        "name": "Fruits",
        "category": Category.SLOTS,
        "reg_date": "2026-01-31T00:00:00Z",
    }
    return Game(**_with(usual, values))


def a_user(**values: object) -> User:
    """A user that may play."""
    usual: dict[str, Any] = {
        "agent_id": 1,
        "user_code": 400_000_001,
        "name": "Bob",
        "blocked": False,
        "first_seen_ms": NOW_MS,
        "last_seen_ms": NOW_MS,
    }
    return User(**_with(usual, values))


def a_session(**values: object) -> Session:
    """A session opened just now."""
    usual: dict[str, Any] = {
        "gplay_id": 1,
        "agent_id": 1,
        "user_code": 400_000_001,
        "account": "Bob",
        "provider_id": 7,
        "game_code": "fruits",
        "language": None,
        "country": None,
        "permissions": None,
        "opened_at_ms": NOW_MS,
        "last_call_at_ms": NOW_MS,
        "ended_at_ms": None,
        "return_url": "",
        "lang": 1,
    }
    return Session(**_with(usual, values))


def a_launch(**values: object) -> Launch:
    """A launch asked for just now."""
    usual: dict[str, Any] = {
        "agent_id": 1,
        "user_code": 400_000_001,
        "account": "Bob",
        "provider_id": 7,
        "game_code": "fruits",
        "lang": 1,
        "return_url": "https://casino.example.com/lobby",
        "permissions": None,
        "language": None,
        "country": None,
        "created_at_ms": NOW_MS,
    }
    return Launch(**_with(usual, values))


def a_new_agent(**values: object) -> NewAgent:
    """An agent to be set up."""
    usual: dict[str, Any] = {
        "name": "acme",
        "currency": "EUR",
        "callback_url": "https://wallet.example.com/callback",
    }
    return NewAgent(**_with(usual, values))


def a_new_provider(**values: object) -> NewProvider:
    """A provider to be set up."""
    usual: dict[str, Any] = {"name": "Pixel Works", "provider_id": 7, "launch_url": LAUNCH_URL}
    return NewProvider(**_with(usual, values))


def _with(usual: dict[str, Any], values: dict[str, object]) -> dict[str, Any]:
    return {**usual, **values}
