"""One hub node: the real core, worker, gateway and provider door over simulated ports.

A node is started, paused, killed and started again. What it had in memory dies with it: circuits,
pools, waiting answers, the session cache. Its wall clock may jump; its monotonic clock does not.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final, cast

from meganodes.callbacks.egress import Egress
from meganodes.callbacks.gateway import HttpGateway
from meganodes.callbacks.settings import CallbackSettings
from meganodes.callbacks.transport import HttpTransport
from meganodes.hub import wallet
from meganodes.hub.core import Hub, HubSettings
from meganodes.hub.waiting import Decisions
from meganodes.hub.worker import Worker
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.clock import SteadyClock
from meganodes.kit.identity import SystemIdentity
from meganodes.provider_api.inbound import ProviderDoor
from meganodes.provider_api.messages import DoorRequest, DoorResponse
from tests.simulation.connections import WireLink
from tests.simulation.directory import NodeDirectory, Registry
from tests.simulation.history import History
from tests.simulation.loop import Life, Process, VirtualLoop
from tests.simulation.network import Network
from tests.simulation.store import Database, NodeJournal

if TYPE_CHECKING:
    from meganodes.callbacks.dial import LinkOf
    from meganodes.directory.port import Directory

CALLBACKS: Final = CallbackSettings(allow_http=True)
_START_RETRY_SECONDS: Final = 0.5


class NodeClock:
    """A node's clocks: the wall clock is its own, and somebody may set it."""

    def __init__(self, loop: VirtualLoop, wall_ms: int) -> None:
        """Show this wall time at the loop's zero."""
        self._loop = loop
        self._zero_ms = self._right_ms = wall_ms

    def now_ms(self) -> int:
        """Return the node's wall clock."""
        return self._zero_ms + int(self._loop.time() * 1_000)

    def monotonic(self) -> float:
        """Return the virtual time: it is the same for all."""
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(max(0.0, seconds))

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back."""
        self._zero_ms += int(seconds * 1_000)

    def set_right(self) -> None:
        """Show the right time again."""
        self._zero_ms = self._right_ms


class NodeIdentity(SystemIdentity):
    """Real transaction numbers, and randomness from a seed."""

    def __init__(self, clock: NodeClock, node: int, above: int, rng: random.Random) -> None:
        """Continue above what the journal has."""
        super().__init__(clock, node, above=above)
        self._random = rng

    def token_bytes(self, n: int) -> bytes:
        """Return the next bytes of the sequence."""
        return self._random.randbytes(n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What all nodes stand in."""

    loop: VirtualLoop
    database: Database
    network: Network
    registry: Registry
    history: History
    rng: Callable[[str], random.Random]
    """Gives a stream of random numbers of its own for each name."""


class Node:
    """A place where a hub runs, one life after the other."""

    def __init__(
        self, number: int, around: Surroundings, clock: NodeClock, settings: HubSettings
    ) -> None:
        """Stand still until `start`."""
        self.number = number
        self.clock = clock
        self.settings = settings
        self.lives = 0
        self.hub: Hub | None = None
        self.door: ProviderDoor | None = None
        self._around = around
        self._process: Process | None = None

    @property
    def is_up(self) -> bool:
        """Tell whether it serves now."""
        return self.door is not None and self._is(Life.RUNNING)

    @property
    def is_alive(self) -> bool:
        """Tell whether it was started and not killed; it may be paused."""
        return self._is(Life.RUNNING) or self._is(Life.PAUSED)

    def start(self) -> None:
        """Begin a new life with empty memory."""
        assert not self.is_alive, "a node is one process"
        self.lives += 1
        self.hub = self.door = None
        self._process = self._around.loop.process(self.number)
        self._process.spawn(self._begin())

    def kill(self) -> None:
        """End it between two steps: nothing of it runs any more."""
        if self._process is not None and self.is_alive:
            self._process.kill()
            self.hub = self.door = None

    def pause(self) -> None:
        """Stop it, as a hypervisor does."""
        if self._process is not None:
            self._process.pause()

    def resume(self) -> None:
        """Let it run on."""
        if self._process is not None:
            self._process.resume()

    def resume_life(self, life: int) -> None:
        """Let it run on, unless it was killed and started anew meanwhile."""
        if self.lives == life:
            self.resume()

    def serve(self, request: DoorRequest, answer: Callable[[DoorResponse], None]) -> bool:
        """Hand a request to the door; False when nobody listens. A dead node never answers.

        While it is paused its socket takes the request and it is served afterwards.
        """
        door, process = self.door, self._process
        if door is None or process is None or process.life is Life.KILLED:
            return False
        process.spawn(_serve(door, request, answer))
        return True

    def owes_nothing(self) -> bool:
        """Tell whether no work is under way beside its loops."""
        return self.hub is not None and not self.hub.tasks

    async def _begin(self) -> None:
        around = self._around
        journal = NodeJournal(around.database, self.number)
        await journal.start()
        above = await self._highest(journal)
        ahead_ms = around.database.clock.now_ms() - self.clock.now_ms()
        rng = around.rng(f"node/{self.number}/{self.lives}")
        identity = NodeIdentity(self.clock, self.number, above, rng)
        egress = Egress(CALLBACKS.egress_rules(), around.network)
        transport = HttpTransport(
            CALLBACKS,
            self.clock,
            egress,
            dial=around.network.dial,
            link_of=cast("LinkOf", WireLink),
        )
        directory = NodeDirectory(around.registry, around.database, rng)
        hub = Hub(
            directory=cast("Directory", directory),
            journal=journal,
            reads=journal.reads,
            gateway=HttpGateway(transport, egress, self.clock, identity, CALLBACKS),
            # As `bootstrap.wiring` does on PostgreSQL.
            clock=SteadyClock(self.clock, ahead_ms=ahead_ms),
            identity=identity,
            decisions=Decisions(),
            settings=self.settings,
        )
        self.hub = hub
        self.door = ProviderDoor(
            providers=directory,
            serve=partial(wallet.serve, hub),
            clock=hub.clock,
            identity=identity,
        )
        Worker(hub).start()

    async def _highest(self, journal: NodeJournal) -> int:
        while True:
            try:
                return await journal.highest_trans_id()
            except StoreUnavailable:
                await asyncio.sleep(_START_RETRY_SECONDS)

    def _is(self, life: Life) -> bool:
        return self._process is not None and self._process.life is life


async def _serve(
    door: ProviderDoor, request: DoorRequest, answer: Callable[[DoorResponse], None]
) -> None:
    answer(await door.handle(request))
