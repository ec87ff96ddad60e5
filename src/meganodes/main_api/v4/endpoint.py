"""What an endpoint of the Main API is, as data: routing and the API reference are made from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic

from meganodes.main_api.v4.envelope import Answer
from meganodes.main_api.v4.schemas import BodyT
from meganodes.protocol.codes import ApiCode

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.hub.core import Hub


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """A call that passed the door: whose it is and where it came from ("" when unknown)."""

    hub: Hub
    agent: Agent
    client_address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Generic[BodyT]):
    """One `POST /v4/...`.

    ``data`` is the type of a success's data and ``codes`` what else it answers, both for the API
    reference. ``when_suspended``: it works for a suspended agent too (contract 1).
    """

    path: str
    summary: str
    body: type[BodyT]
    answer: Callable[[ApiCall, BodyT], Awaitable[Answer]]
    data: Any
    codes: tuple[ApiCode, ...] = ()
    when_suspended: bool = False
