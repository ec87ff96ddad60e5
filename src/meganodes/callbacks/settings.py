"""What an installation may set about the line to the agents' backends.

Limits that the contract fixes (64 KiB, 8 KiB, a bet's 1.5 s) stand where they are applied; here
are those that an operator of the hub may have a reason to move. Defaults are the contract's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from meganodes.callbacks.egress import EgressRules
from meganodes.protocol.commands import DEADLINE_SECONDS, Command

HEADROOM: Final = 2
"""In any second so many more deliveries than the rate may leave: with 96 never above 98, as what
leaves evenly may still arrive in clumps, and 100 are the most a backend is to see in a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CircuitSettings:
    """When an agent's circuit opens and closes (reliability 3.8)."""

    window_seconds: float = 30.0
    calls_min: int = 10
    """Fewer calls than this in the window say nothing about the backend."""
    failures_percent: int = 70
    failures_in_a_row: int = 10
    probe_seconds_min: float = 2.0
    probe_seconds_max: float = 4.0
    successes_to_close: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkheadSettings:
    """How much of one agent may be under way at once (reliability 3.8)."""

    sockets_max: int = 80
    play_max: int = 64
    """Calls somebody waits for; an agent's own `in_flight_max` goes before it."""
    test_max: int = 4
    delivery_min: int = 4
    delivery_usual: int = 16
    delivery_max: int = 64
    delivery_per_second: int = 96
    processes: int = 1
    """How many processes share these places; each gives its part of them, rounded up."""

    def part(self) -> BulkheadSettings:
        """Return what one of the processes may have under way.

        Places are rounded up: an agent with one place may use it wherever its call arrives. Of the
        deliveries of a second all together are never more, as far as one for each allows it.
        """
        return replace(
            self,
            sockets_max=self.of_places(self.sockets_max),
            play_max=self.of_places(self.play_max),
            test_max=self.of_places(self.test_max),
            delivery_min=self.of_places(self.delivery_min),
            delivery_usual=self.of_places(self.delivery_usual),
            delivery_max=self.of_places(self.delivery_max),
            delivery_per_second=max(
                (self.delivery_per_second + HEADROOM) // self.processes - HEADROOM, 1
            ),
        )

    def of_places(self, number: int) -> int:
        """Return one process's part of a number of places."""
        return -(-number // self.processes)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackSettings:
    """Everything about callbacks that is set for the whole installation, never per agent."""

    allow_private_targets: bool = False
    """Permits http, loopback and private networks: for demo and tests."""
    allow_http: bool = False
    allowed_ports: frozenset[int] = frozenset()
    """Ports permitted beside 443."""
    ca_file: Path | None = None
    """More certificate authorities (PEM) beside those of the system, for a private PKI."""
    deadline_seconds: Mapping[Command, float] = field(default_factory=lambda: DEADLINE_SECONDS)
    bet_first_byte_seconds: float = 1.5
    resolve_seconds: float = 2.0
    idle_seconds: float = 3.0
    """How long after its last reply a connection may be used again."""
    idle_seconds_max: float = 60.0
    """The same where the backend's Keep-Alive header allows more."""
    circuit: CircuitSettings = field(default_factory=CircuitSettings)
    bulkhead: BulkheadSettings = field(default_factory=BulkheadSettings)

    def egress_rules(
        self, own_hosts: frozenset[str] = frozenset(), own_addresses: frozenset[str] = frozenset()
    ) -> EgressRules:
        """Return the guard's rules; the hub's own names and addresses come from the composition."""
        return EgressRules(
            allow_private_targets=self.allow_private_targets,
            allow_http=self.allow_http,
            allowed_ports=self.allowed_ports,
            own_hosts=own_hosts,
            own_addresses=own_addresses,
        )
