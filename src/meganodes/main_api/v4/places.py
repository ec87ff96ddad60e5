"""How many requests of one agent may be under way at once in this process (contract 2.1)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from meganodes.main_api.v4.errors import CallRefused, Fault


class Places:
    """Counts each agent's requests; the one too many is told so at once, nothing is queued."""

    def __init__(self, in_flight_max: int, fault: Fault) -> None:
        """Give each agent this many places and the fault for whoever finds none free."""
        self._in_flight_max = in_flight_max
        self._fault = fault
        self._in_flight: Counter[int] = Counter()

    @contextmanager
    def taken(self, agent_id: int) -> Iterator[None]:
        """Hold a place; it is given back however the request ends."""
        if self._in_flight[agent_id] >= self._in_flight_max:
            raise CallRefused(self._fault)
        self._in_flight[agent_id] += 1
        try:
            yield
        finally:
            self._in_flight[agent_id] -= 1
            if not self._in_flight[agent_id]:
                del self._in_flight[agent_id]

    def in_flight(self, agent_id: int) -> int:
        """Say how many requests of an agent are under way."""
        return self._in_flight.get(agent_id, 0)
