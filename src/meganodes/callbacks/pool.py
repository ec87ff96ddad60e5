"""The connections of one agent, shared with nobody (contract 3.3).

Keyed by agent and target: two agents whose backends stand on the same host never meet on one
connection, so that no reply can be taken for a stranger's.
"""

from __future__ import annotations

from meganodes.callbacks.connection import Connection
from meganodes.callbacks.egress import Target


class Pool:
    """Idle connections, the most recently used on top, and the count of all there are."""

    __slots__ = ("_all", "_idle", "_opening")

    def __init__(self) -> None:
        # In the order of opening, so that a simulated run ends them in the same order each time.
        self._all: dict[Connection, None] = {}
        self._idle: list[Connection] = []
        self._opening = 0

    @property
    def sockets(self) -> int:
        """Connections that are open or being opened."""
        return len(self._all) + self._opening

    def take(self, target: Target, now: float) -> Connection | None:
        """Return an idle connection that may be used again; end those that may not.

        One to another target belongs to an address the agent no longer has.
        """
        while self._idle:
            connection = self._idle.pop()
            same = connection.target is target or connection.target == target
            if same and connection.is_usable(now):
                return connection
            connection.abort()
        return None

    def put_back(self, connection: Connection, idle_seconds: float) -> None:
        """Keep a connection after a clean reply, for so long at most; 0 ends it."""
        if idle_seconds <= 0:
            connection.abort()
        elif not connection.is_closed:
            connection.idle(idle_seconds)
            self._idle.append(connection)

    def opening(self) -> None:
        """Count a connection that is about to be opened."""
        self._opening += 1

    def opened(self, connection: Connection | None) -> None:
        """Count it as open, or as failed."""
        self._opening -= 1
        if connection is not None and not connection.is_closed:
            self._all[connection] = None

    def forget(self, connection: Connection) -> None:
        """Drop a connection that is over."""
        self._all.pop(connection, None)
        if connection in self._idle:
            self._idle.remove(connection)

    def abort_all(self) -> None:
        """End every connection, the busy ones too."""
        for connection in tuple(self._all):
            connection.abort()
