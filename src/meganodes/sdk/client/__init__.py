"""The Main API as an operator's program calls it: typed results, typed errors, safe repeating.

`MegaNodesClient` needs the standard library alone. `AsyncMegaNodesClient` is imported when it is
asked for: `asyncio` is slow to import.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from meganodes.protocol.commands import TransType
from meganodes.sdk.client.calls import Window
from meganodes.sdk.client.client import MegaNodesClient
from meganodes.sdk.client.errors import (
    AnswerUnreadable,
    ApiError,
    CallbackFailed,
    ClientError,
    FieldsRefused,
    HttpLibraryMissing,
    HubBusy,
    HubFailed,
    HubUnreachable,
    InMaintenance,
    NotPermitted,
    NotThere,
    TokenRefused,
)
from meganodes.sdk.client.results import (
    CallbackTest,
    CreatedUser,
    DaySums,
    Game,
    GameKey,
    GameSums,
    KnownAgent,
    OnlineGame,
    Page,
    Provider,
    Sums,
    Transaction,
    UserBalance,
    UserSums,
)
from meganodes.sdk.client.transactions import AsyncTransactions, Transactions

if TYPE_CHECKING:
    from meganodes.sdk.client.async_client import AsyncMegaNodesClient

__all__ = [
    "AnswerUnreadable",
    "ApiError",
    "AsyncMegaNodesClient",
    "AsyncTransactions",
    "CallbackFailed",
    "CallbackTest",
    "ClientError",
    "CreatedUser",
    "DaySums",
    "FieldsRefused",
    "Game",
    "GameKey",
    "GameSums",
    "HttpLibraryMissing",
    "HubBusy",
    "HubFailed",
    "HubUnreachable",
    "InMaintenance",
    "KnownAgent",
    "MegaNodesClient",
    "NotPermitted",
    "NotThere",
    "OnlineGame",
    "Page",
    "Provider",
    "Sums",
    "TokenRefused",
    "TransType",
    "Transaction",
    "Transactions",
    "UserBalance",
    "UserSums",
    "Window",
]


def __getattr__(name: str) -> object:
    if name == "AsyncMegaNodesClient":
        return import_module(f"{__name__}.async_client").AsyncMegaNodesClient
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
