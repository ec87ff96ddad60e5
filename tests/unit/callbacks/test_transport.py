"""The client up to the moment a connection stands: what is dialled, what is never sent.

What goes over real sockets is in tests/conformance/test_transports*.py.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import pytest

from meganodes.callbacks.connection import Connection
from meganodes.callbacks.dial import dial_tcp
from meganodes.callbacks.egress import Egress, EgressRules, Target
from meganodes.callbacks.exchange import Exchange, Exchanged, Headers
from meganodes.callbacks.pool import Pool
from meganodes.callbacks.settings import BulkheadSettings, CallbackSettings
from meganodes.callbacks.transport import HttpTransport
from meganodes.domain.outcome import Phase
from meganodes.kit.clock import ManualClock, SystemClock
from tests.support.callback_urls import (
    BAD_URLS,
    PUBLIC_ADDRESS,
    STRICT,
    BadUrl,
    NameService,
    naive_target,
)
from tests.support.hostile_backend import HostileBackend, says_nothing

CLOCK = SystemClock()
PRIVATE = EgressRules(allow_private_targets=True)
HEADERS = Headers.of((("Callback-Token", "mnc_canary"),))


class Dialled:
    """A dial that never leaves the machine: it notes where to and fails, or hangs."""

    def __init__(self, *errors: Exception, hangs: bool = False) -> None:
        self.addresses: list[tuple[str, int]] = []
        self._errors = list(errors)
        self._hangs = hangs

    async def __call__(self, address: str, port: int) -> socket.socket:
        self.addresses.append((address, port))
        if self._hangs:
            await asyncio.sleep(30)
        raise self._errors.pop(0) if self._errors else ConnectionRefusedError(111, "refused")


def client(
    dial: Callable[..., object], rules: EgressRules = STRICT, names: NameService | None = None
) -> HttpTransport:
    egress = Egress(rules, names or NameService())
    return HttpTransport(CallbackSettings(), CLOCK, egress, dial=dial)  # type: ignore[arg-type]


SHARED_DIAL = Dialled()
SHARED_CLIENT = client(SHARED_DIAL)  # reading the system's authorities takes its time


def exchange(target: Target, seconds: float = 2.0, *, first_byte: float | None = None) -> Exchange:
    now = CLOCK.monotonic()
    return Exchange(
        agent_id=1,
        target=target,
        headers=HEADERS,
        body=b"{}",
        deadline=now + seconds,
        first_byte_before=None if first_byte is None else now + first_byte,
    )


def is_untouched(exchanged: Exchanged) -> bool:
    return (
        exchanged.phase is Phase.BEFORE_SEND
        and exchanged.reply is None
        and exchanged.request_bytes == exchanged.reply_bytes == b""
        and exchanged.fault is not None
    )


@pytest.mark.rule("3.3-not-sent")
@pytest.mark.parametrize("url", BAD_URLS, ids=str)
async def test_bad_urls_are_refused_at_connect_and_nothing_is_dialled(url: BadUrl) -> None:
    SHARED_DIAL.addresses.clear()
    exchanged = await SHARED_CLIENT.send(exchange(naive_target(url.text)))
    assert is_untouched(exchanged)
    if SHARED_DIAL.addresses:
        good = [(PUBLIC_ADDRESS, 443)]
        assert SHARED_DIAL.addresses == good, "nothing bad is left in these parts"
    elif url.text != "https://nobody.example/callback":
        assert exchanged.held_back


async def test_form_57_thousand_rounds_of_rebinding_dial_the_checked_address_only() -> None:
    class Flipping(NameService):
        async def resolve(self, host: str) -> tuple[str, ...]:
            self.asked.append(host)
            return (PUBLIC_ADDRESS,) if len(self.asked) % 2 else ("127.0.0.1",)

    dial = Dialled()
    names = Flipping()
    sender = client(dial, names=names)
    target = naive_target("https://good.example/callback")
    for number in range(1_000):
        exchanged = await sender.send(exchange(target))
        assert exchanged.held_back is bool(number % 2)
    assert len(names.asked) == 1_000, "each new connection asks anew, once"
    assert dial.addresses == [(PUBLIC_ADDRESS, 443)] * 500


async def test_connection_that_leads_elsewhere_is_refused() -> None:
    async with HostileBackend(says_nothing) as backend:

        async def astray(address: str, port: int) -> socket.socket:
            del address, port
            connected = socket.create_connection(("127.0.0.1", backend.port))
            connected.setblocking(False)  # noqa: FBT003 - the name of the argument is the library's
            return connected

        exchanged = await client(astray).send(exchange(naive_target("https://good.example/")))
        assert is_untouched(exchanged)
        assert exchanged.held_back
        assert exchanged.fault == f"the connection to {PUBLIC_ADDRESS} leads to another address"
        await backend.settled()
        assert backend.requests == []


@pytest.mark.rule("3.3-not-sent")
@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (ConnectionRefusedError(111, "Connection refused"), "Connection refused"),
        (OSError(101, "Network is unreachable"), "Network is unreachable"),
        (TimeoutError(), "no connection to good.example port 443 in time"),
        (ConnectionResetError("by peer"), "by peer"),
    ],
)
async def test_trouble_with_connecting_is_not_sent(error: OSError, fault: str) -> None:
    dial = Dialled(error, error)
    exchanged = await client(dial).send(exchange(naive_target("https://good.example/")))
    assert is_untouched(exchanged)
    assert not exchanged.held_back, "the network did it"
    assert exchanged.fault is not None
    assert fault in exchanged.fault


@pytest.mark.rule("3.3-not-sent")
async def test_name_that_is_not_found_is_not_sent_and_not_held_back() -> None:
    dial = Dialled()
    exchanged = await client(dial).send(exchange(naive_target("https://nobody.example/")))
    assert is_untouched(exchanged)
    assert not exchanged.held_back
    assert dial.addresses == []


async def test_next_address_is_tried_when_one_does_not_answer() -> None:
    dial = Dialled()
    sender = client(dial)
    await sender.send(exchange(naive_target("https://both.example/")))
    assert [address for address, _ in dial.addresses] == [
        PUBLIC_ADDRESS,
        "2a00:1450:4001:81b::200e",
    ]


async def test_three_addresses_are_tried_at_most_each_with_its_share_of_the_time() -> None:
    names = NameService({"many.example": tuple(f"93.184.216.{low}" for low in range(10))})
    dial = Dialled(hangs=True)
    began = CLOCK.monotonic()
    exchanged = await client(dial, names=names).send(
        exchange(naive_target("https://many.example/"), seconds=0.12)
    )
    assert is_untouched(exchanged)
    assert len(dial.addresses) == 3
    assert CLOCK.monotonic() - began < 1.0
    assert exchanged.duration_ms >= 100


@pytest.mark.rule("3.3-deadline-total", "3.3-not-sent")
async def test_black_hole_is_not_sent_when_the_deadline_has_come() -> None:
    exchanged = await client(Dialled(hangs=True)).send(
        exchange(naive_target("https://good.example/"), seconds=0.05)
    )
    assert is_untouched(exchanged)
    assert not exchanged.held_back
    assert exchanged.fault == "no connection to good.example port 443 in time"


@pytest.mark.rule("3.3-bet-first-byte")
async def test_connecting_does_not_outlast_the_moment_of_the_first_byte() -> None:
    began = CLOCK.monotonic()
    exchanged = await client(Dialled(hangs=True)).send(
        exchange(naive_target("https://good.example/"), seconds=5.0, first_byte=0.05)
    )
    assert is_untouched(exchanged)
    assert CLOCK.monotonic() - began < 2.0


@pytest.mark.rule("3.3-bet-first-byte")
@pytest.mark.parametrize(("seconds", "first_byte"), [(2.0, -0.001), (-0.001, None), (-1.0, 1.0)])
async def test_what_comes_too_late_is_held_back_before_anything_is_dialled(
    seconds: float, first_byte: float | None
) -> None:
    dial = Dialled()
    exchanged = await client(dial).send(
        exchange(naive_target("https://good.example/"), seconds, first_byte=first_byte)
    )
    assert is_untouched(exchanged)
    assert exchanged.held_back
    assert dial.addresses == []


@pytest.mark.reliability("2.6-bet-paused-before-send")
@pytest.mark.rule("3.3-bet-first-byte")
async def test_connection_that_stands_too_late_carries_no_byte() -> None:
    clock = ManualClock()

    async def takes_its_time(address: str, port: int) -> socket.socket:
        connected = await dial_tcp(address, port)
        clock.advance(1.5)
        return connected

    async with HostileBackend(says_nothing) as backend:
        egress = Egress(PRIVATE, NameService())
        sender = HttpTransport(CallbackSettings(), clock, egress, dial=takes_its_time)
        late = Exchange(
            agent_id=1,
            target=egress.parse(backend.url),
            headers=HEADERS,
            body=b"{}",
            deadline=clock.monotonic() + 2.0,
            first_byte_before=clock.monotonic() + 1.5,
        )
        exchanged = await sender.send(late)
        assert is_untouched(exchanged)
        assert not exchanged.held_back, "connecting took the time"
        assert sender.sockets(1) == 0
        await backend.settled()


async def test_connection_that_ended_before_the_request_carries_no_byte() -> None:
    class Silent:
        address = PUBLIC_ADDRESS

        def is_silent(self) -> bool:
            return True

    target = naive_target("https://good.example/")
    pool = Pool()
    ended = Connection(target, Silent(), CLOCK.monotonic, pool.forget)
    ended.eof_received()
    exchanged = await client(Dialled())._converse(pool, ended, exchange(target), CLOCK.monotonic())
    assert is_untouched(exchanged)
    assert exchanged.fault == "the backend closed the connection, or spoke, before the request"


async def test_sockets_of_one_agent_are_limited_while_they_are_opened() -> None:
    settings = CallbackSettings(bulkhead=BulkheadSettings(sockets_max=3))
    dial = Dialled(hangs=True)
    sender = HttpTransport(settings, CLOCK, Egress(STRICT, NameService()), dial=dial)
    target = naive_target("https://good.example/")
    ends = await asyncio.gather(*[sender.send(exchange(target, 0.1)) for _ in range(5)])
    assert [end.held_back for end in ends] == [False, False, False, True, True]
    assert sender.sockets(1) == 0
    assert sender.sockets(2) == 0


async def test_cancelled_send_gives_its_socket_back() -> None:
    sender = client(Dialled(hangs=True))
    sending = asyncio.ensure_future(sender.send(exchange(naive_target("https://good.example/"))))
    await asyncio.sleep(0.01)
    assert sender.sockets(1) == 1
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert sender.sockets(1) == 0


async def test_after_closing_everything_is_held_back() -> None:
    dial = Dialled()
    sender = client(dial)
    await sender.close()
    exchanged = await sender.send(exchange(naive_target("https://good.example/")))
    assert is_untouched(exchanged)
    assert exchanged.held_back
    assert dial.addresses == []


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    dial = Dialled()
    await client(dial).send(exchange(naive_target("https://good.example/")))
    assert dial.addresses == [(PUBLIC_ADDRESS, 443)]


async def test_form_65_agents_with_one_address_share_no_connection_count() -> None:
    """Another agent's callback URL (form 65) gives no access to that agent's connections."""
    dial = Dialled(hangs=True)
    sender = client(dial)
    target = naive_target("https://good.example/")
    first = asyncio.ensure_future(sender.send(exchange(target, 0.05)))
    await asyncio.sleep(0.01)
    assert (sender.sockets(1), sender.sockets(2)) == (1, 0)
    await first
