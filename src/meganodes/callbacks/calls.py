"""What goes into the gateway and what comes out: one call, one attempt.

`callbacks` knows no directory and no journal; the hub makes an `AgentView` from the one and stores
the `Attempt` in the other. The records are msgspec's because each callback makes one of every kind,
and a frozen dataclass of this size costs 2 us where a struct costs 0.1.
"""

from __future__ import annotations

import msgspec

from meganodes.callbacks.bulkhead import Lane
from meganodes.domain.outcome import Outcome, Phase
from meganodes.kit.secrets import Secret
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.currency import Currency
from meganodes.protocol.replies import Reply


class AgentView(msgspec.Struct, frozen=True, kw_only=True):
    """What a callback needs of an agent: URL, token and secrets in force now (contract 3.1).

    ``signing_secrets`` are raw key bytes, the newest first; two while a rotation overlaps.
    ``in_flight_max`` is the agent's own limit of the PLAY lane, None for the installation's.
    """

    agent_id: int
    callback_url: str
    callback_token: Secret
    signing_secrets: tuple[Secret, ...]
    currency: Currency
    overdraft_allowed: bool = False
    revision: Revision = Revision.GUID
    in_flight_max: int | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt to make.

    ``data``, ``revision`` and ``webhook_id`` are those of the intent and the same on every retry.
    ``started_at`` is the monotonic moment the deadline counts from (a bet's: the commit of its
    intent), now by default. ``first_byte_within`` is counted from there too; a bet has 1.5 s
    without being told. ``token_override`` is for the wrong-token check of callback-test.
    Without a ``traceparent`` the attempt begins a trace of its own.
    """

    command: Command
    data: bytes
    account: str
    webhook_id: str
    revision: Revision
    attempt: int = 1
    lane: Lane = Lane.PLAY
    started_at: float | None = None
    first_byte_within: float | None = None
    ignore_circuit: bool = False
    token_override: Secret | None = None
    traceparent: str | None = None


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """What one attempt brought, as it is kept in the API log (contract 3.5).

    ``result`` is the backend's, -1 when its reply could not be read, None when nothing complete
    came. ``request_bytes`` and ``reply_bytes`` hold no token and no signature.
    """

    command: Command
    attempt: int
    outcome: Outcome
    phase: Phase
    started_at_ms: int
    duration_ms: int = 0
    result: int | None = None
    http_status: int | None = None
    request_bytes: bytes = b""
    reply_bytes: bytes = b""
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    reply: Reply | None = None
    peer_address: str | None = None
