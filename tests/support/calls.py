"""Builders for the gateway: an agent's view, and one call of every command."""

from __future__ import annotations

from typing import Any

from meganodes.callbacks.calls import AgentView, Call
from meganodes.kit.secrets import Secret
from meganodes.protocol.commands import (
    Category,
    Command,
    Movement,
    Revision,
    authenticate_data,
    balance_data,
    bet_data,
    cancel_data,
    status_data,
    win_data,
)
from meganodes.protocol.currency import currency

ACCOUNT = "player_1"
GUID = "mn-" + "0123456789" * 4
TOKEN = "mnc_canarycanarycanarycanarycanary"
SIGNING_KEY = b"canary-signing-key-of-32-bytes--"
OLDER_KEY = b"canary-older---key-of-32-bytes--"


def a_view(**changes: Any) -> AgentView:  # noqa: ANN401 - fields of AgentView
    """An agent with euros and one signing secret."""
    usual: dict[str, Any] = {
        "agent_id": 1,
        "callback_url": "https://good.example/callback",
        "callback_token": Secret(TOKEN),
        "signing_secrets": (Secret(SIGNING_KEY),),
        "currency": currency("EUR"),
    }
    return AgentView(**(usual | changes))


def a_movement(**changes: Any) -> Movement:  # noqa: ANN401 - fields of Movement
    """A stake of 1.50 on a slot."""
    usual: dict[str, Any] = {
        "account": ACCOUNT,
        "gplay_id": 77,
        "trans_guid": GUID,
        "trans_id": 4_711,
        "time_stamp_ms": 1_790_000_000_123,
        "round_id": "r-1",
        "provider_id": 7,
        "provider_name": "Pixel Works",
        "game_code": "fruits",
        "game_name": "Fruits",
        "category": Category.SLOTS,
        "sub_category": "",
        "amount_minor": 150,
        "exponent": 2,
    }
    return Movement(**(usual | changes))


def a_call(command: Command, **changes: Any) -> Call:  # noqa: ANN401 - fields of Call
    """The first attempt of a command."""
    revision: Revision = changes.get("revision", Revision.GUID)
    usual: dict[str, Any] = {
        "command": command,
        "data": _data(command, revision),
        "account": ACCOUNT,
        "webhook_id": GUID,
        "revision": revision,
    }
    return Call(**(usual | changes))


def _data(command: Command, revision: Revision) -> bytes:
    movement = a_movement()
    match command:
        case Command.AUTHENTICATE:
            return authenticate_data(ACCOUNT)
        case Command.BALANCE:
            return balance_data(ACCOUNT)
        case Command.BET:
            return bet_data(revision, movement)
        case Command.WIN:
            return win_data(revision, movement)
        case Command.CANCEL:
            return cancel_data(revision, a_movement(trans_guid=f"{GUID}-c"), GUID, 4_711)
        case Command.STATUS:
            return status_data(revision, ACCOUNT, GUID, 4_711)
