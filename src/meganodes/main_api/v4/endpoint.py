"""What an endpoint of the Main API is, as data: routing and the API reference are made from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

from starlette.datastructures import Headers

from meganodes.main_api.v4.envelope import Answer, Ready
from meganodes.main_api.v4.schemas import BodyT
from meganodes.protocol.codes import ApiCode

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.hub.core import Hub
    from meganodes.main_api.v4.all_games import AllGames


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """A call that passed the door: whose it is and where it came from ("" when unknown).

    ``all_games`` are the written answers of game/all that the door of this process keeps.
    """

    hub: Hub
    agent: Agent
    client_address: str
    headers: Headers
    all_games: AllGames


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Generic[BodyT]):
    """One `POST /v4/...`.

    ``data`` is the type of a success's data and ``codes`` what else it answers, both for the API
    reference. ``when_suspended``: it works for a suspended agent too (contract 1). ``has_etag``: a
    success carries an ETag, and If-None-Match with it is answered 304.
    """

    path: str
    summary: str
    body: type[BodyT]
    answer: Callable[[ApiCall, BodyT], Awaitable[Answer | Ready]]
    data: Any
    codes: tuple[ApiCode, ...] = ()
    when_suspended: bool = False
    has_etag: bool = False
