"""This process's own number on PostgreSQL, kept for as long as it lives (ADR 17).

Two nodes of one number could give one trans_id to two bets. A number is lent for eight seconds and
renewed every second; a node issues numbers only for the five seconds that follow the last renewal,
so it has stopped before anybody else can have its number.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Final

from meganodes.directory.node_numbers import (
    LENT_MS,
    Holder,
    Taken,
    give_number_back,
    lent_numbers,
    renew_number,
    take_number,
)
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.clock import Clock
from meganodes.kit.database import Database, DatabaseSettings, DatabaseUnavailable, DatabaseUrl
from meganodes.kit.identity import SystemIdentity
from meganodes.kit.logging import get_logger

RENEW_SECONDS: Final = 1.0
ISSUES_SECONDS: Final = 5.0
"""How long after a renewal was asked for numbers are issued: less than they are lent for."""
_PATIENCE_SECONDS: Final = LENT_MS / 1000 + 2
_SETTINGS: Final = DatabaseSettings(
    read_threads=1,
    busy_timeout_seconds=2.0,
    statement_timeout_seconds=2.0,
    connect_timeout_seconds=2,
    application_name="meganodes node number",
)

log = get_logger("bootstrap.node_number")


class NumberTaken(Exception):
    """No number can be had; the text is a sentence for people."""


class NodeNumber:
    """A number that is lent to this process. ``wanted`` None takes any that is free."""

    def __init__(self, url: DatabaseUrl, holder: Holder, wanted: int | None, clock: Clock) -> None:
        """Prepare; nothing is asked for yet."""
        self.number = 0
        self.holder = holder
        self._wanted = wanted
        self._clock = clock
        self._database = Database(url, _SETTINGS)
        self._issues_until = 0.0
        self._task: asyncio.Task[None] | None = None

    @property
    def is_held(self) -> bool:
        """Whether numbers may be issued at this moment."""
        return self._clock.monotonic() < self._issues_until

    async def is_lowest(self) -> bool:
        """Say whether this process has the lowest number of all that are lent now.

        What one node does for all is done by that one. Raises DatabaseUnavailable.
        """
        lent = await self._database.read(lent_numbers)
        return self.is_held and self.number == min(lent, default=None)

    async def start(self) -> None:
        """Take a number and keep it until `close`. Raises NumberTaken and DatabaseUnavailable.

        A number that somebody holds is waited for as long as a dead node's is lent.
        """
        give_up = self._clock.monotonic() + _PATIENCE_SECONDS
        while isinstance(taken := await self._take(self._wanted), Taken):
            if self._wanted is None or self._clock.monotonic() > give_up:
                raise NumberTaken(_sentence(taken, self._wanted))
            await self._clock.sleep(RENEW_SECONDS / 2)
        self._task = asyncio.create_task(self._keep())

    async def close(self) -> None:
        """Give the number back."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._issues_until = 0.0
        with suppress(DatabaseUnavailable):  # then its time runs out by itself
            await self._database.write(give_number_back, self.holder)
        await asyncio.to_thread(self._database.close)

    async def _take(self, wanted: int | None) -> int | Taken:
        asked = self._clock.monotonic()
        taken = await self._database.write(take_number, self.holder, wanted)
        if isinstance(taken, int):
            self.number, self._issues_until = taken, asked + ISSUES_SECONDS
        return taken

    async def _keep(self) -> None:
        while True:
            await self._clock.sleep(RENEW_SECONDS)
            try:
                await self._renew()
            except DatabaseUnavailable as fault:
                log.warning("node_number_not_renewed", number=self.number, reason=str(fault))

    async def _renew(self) -> None:
        asked = self._clock.monotonic()
        if await self._database.write(renew_number, self.holder, self.number):
            self._issues_until = asked + ISSUES_SECONDS
            return
        # Its time was over: nobody else had it, or it is waited for. The name in leases goes by it.
        taken = await self._take(self.number)
        lost_to = taken.by if isinstance(taken, Taken) else None
        log.error("node_number_lost", number=self.number, lost_to=lost_to)


class LentIdentity(SystemIdentity):
    """Numbers while this process holds its node number; StoreUnavailable while it does not."""

    def __init__(self, clock: Clock, number: NodeNumber, *, above: int) -> None:
        """Issue numbers above one that is known."""
        super().__init__(clock, number.number, above=above)
        self._number = number

    def trans_id(self) -> int:
        """Return the next number. Raises StoreUnavailable."""
        if not self._number.is_held:
            raise StoreUnavailable("the node number is not confirmed: the database is away")
        return super().trans_id()


class UnnumberedIdentity(SystemIdentity):
    """The identity of a command beside running nodes: it has no number to issue others from."""

    def trans_id(self) -> int:
        """Refuse. Raises StoreUnavailable."""
        raise StoreUnavailable("a command has no node number: a running hub makes transactions")


def _sentence(taken: Taken, wanted: int | None) -> str:
    if wanted is None:
        return "all 64 node numbers are taken: stop a node first"
    free = ", ".join(str(number) for number in taken.free[:8]) or "none"
    more = ", ..." if len(taken.free) > 8 else ""  # noqa: PLR2004 - as many as are shown
    return (
        f"node_number: {wanted} is held by {taken.by}, which is alive: give each node its own, or "
        f'leave it at "auto" (free: {free}{more})'
    )
