"""The providers' door with a core that answers from a script."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from meganodes.directory.records import Provider
from meganodes.domain.asked import Answer, Asked
from meganodes.kit.clock import ManualClock
from meganodes.kit.identity import SeededIdentity
from meganodes.protocol.codes import ApiCode
from meganodes.provider_api.inbound import DoorSettings, ProviderDoor
from meganodes.provider_api.messages import DoorRequest, DoorResponse
from tests.support.builders import a_provider

TOKEN = "mnp_example"
GUID = "mn-" + "0123456789" * 4
BALANCE = Answer(code=ApiCode.OK, exponent=2, balance_minor=1250)
BET = {"session": "s", "transaction_id": "b1", "round_id": "r1", "amount": "1.50"}
WIN = BET | {"transaction_id": "w1", "round_closed": True}
CANCEL = {"session": "s", "transaction_id": "c1", "cancel_transaction_id": "b1"}


@dataclass(kw_only=True)
class FakeCore:
    """Answers every request with `answer`, after `before` has let it go on; remembers the asked."""

    answer: Answer = BALANCE
    before: Callable[[], Awaitable[None]] | None = None
    defect: str | None = None
    asked: list[tuple[int, Asked, float]] = field(default_factory=list)

    async def __call__(self, provider: Provider, asked: Asked, arrived: float) -> Answer:
        self.asked.append((provider.provider_id, asked, arrived))
        if self.before is not None:
            await self.before()
        if self.defect is not None:
            raise RuntimeError(self.defect)
        return self.answer


@dataclass(frozen=True)
class FakeProviders:
    """Knows one token."""

    provider: Provider

    def provider_by_token(self, text: str) -> Provider | None:
        return self.provider if text == TOKEN else None


def a_door(
    core: FakeCore | None = None, settings: DoorSettings | None = None, **provider: object
) -> ProviderDoor:
    """A door in front of a scripted core, for one provider."""
    return ProviderDoor(
        providers=FakeProviders(a_provider(**provider)),
        serve=core or FakeCore(),
        clock=ManualClock(),
        identity=SeededIdentity(1),
        settings=settings or DoorSettings(),
    )


def a_request(command: str = "balance", members: object = None, **values: object) -> DoorRequest:
    """A good request of a command, as the listener hands it over; `values` replace its parts."""
    body = {"session": "s"} if members is None else members
    usual: dict[str, Any] = {
        "method": "POST",
        "path": f"/provider/v1/{command}",
        "headers": [(b"host", b"hub"), authorization(TOKEN)],
        "body": body if isinstance(body, bytes) else json.dumps(body).encode(),
        "peer_ip": "192.0.2.1",
    }
    return DoorRequest(**(usual | values))


def authorization(token: str) -> tuple[bytes, bytes]:
    """The header that carries a provider's token."""
    return b"authorization", f"Bearer {token}".encode()


def header(response: DoorResponse, name: bytes) -> bytes | None:
    """The value of a header of an answer."""
    return dict(response.headers).get(name)


def envelope(response: DoorResponse) -> dict[str, Any]:
    """The envelope of an answer."""
    read: dict[str, Any] = json.loads(response.body)
    return read
