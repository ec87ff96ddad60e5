"""Tells the people who run the hub of trouble that lasts, beside all work on money.

A message that does not arrive is tried again for some minutes; what it was about is then found anew
by the next look, so nothing is lost and nothing piles up. What people have been told is kept in a
file beside the database, so that a restart neither repeats it nor forgets to say that it is over.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from meganodes.bootstrap.alert_post import AlertLine, Message, Sender, a_message
from meganodes.callbacks.gateway import CircuitChange
from meganodes.hub.alert_conditions import Conditions
from meganodes.hub.alerts import Alerts, Standing
from meganodes.hub.watch import Sight
from meganodes.kit.clock import Clock
from meganodes.kit.identity import Identity
from meganodes.kit.kept_file import read_kept, write_kept
from meganodes.kit.logging import get_logger

log = get_logger("bootstrap.alert_hook")

TRY_AGAIN_SECONDS: Final = (5.0, 30.0, 120.0, 300.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPorts:
    """What the hook works with. ``remembered`` is the file of what people were told."""

    line: AlertLine
    sender: Sender
    conditions: Conditions
    circuits: Callable[[], tuple[CircuitChange, ...]]
    clock: Clock
    identity: Identity
    remembered: Path


class AlertHook:
    """Hears of every look at open work and posts what people should know of it."""

    def __init__(self, ports: AlertPorts, repeat_after_ms: tuple[int, ...]) -> None:
        """Go on from what an earlier run has told."""
        self.messages: Counter[str] = Counter()
        """Messages by whether they were ``delivered`` or ``failed``."""
        self._ports = ports
        self._alerts = Alerts(
            repeat_after_ms, read_kept(ports.remembered, tuple[Standing, ...], ())
        )
        self._sending: asyncio.Task[None] | None = None

    async def note(self, sight: Sight) -> None:
        """Take what a look has found; sending goes on beside it."""
        conditions = self._ports.conditions.now(sight, self._ports.circuits())
        notices = self._alerts.review(conditions, sight.at_ms)
        if notices and (self._sending is None or self._sending.done()):
            ports = self._ports
            message = a_message(ports.sender, notices, ports.clock, ports.identity)
            self._sending = asyncio.get_running_loop().create_task(
                self._send(message, sight.at_ms), name="alert"
            )

    def firing(self) -> dict[str, int]:
        """Count the conditions that last, by kind."""
        return dict(Counter(each.kind.value for each in self._alerts.firing()))

    async def stop(self) -> None:
        """Try no more: what did not arrive is told after the next start."""
        if self._sending is not None:
            self._sending.cancel()
            await asyncio.wait({self._sending})
        await self._ports.line.close()

    async def _send(self, message: Message, at_ms: int) -> None:
        for pause_seconds in (*TRY_AGAIN_SECONDS, None):
            posted = await self._ports.line.post(message)
            if posted.arrived:
                self.messages["delivered"] += 1
                self._alerts.told(message.notices, at_ms)
                await asyncio.to_thread(
                    write_kept, self._ports.remembered, self._alerts.standings()
                )
                return
            self.messages["failed"] += 1
            log.warning("alert_not_delivered", alert_id=message.message_id, fault=posted.sentence)
            if pause_seconds is not None:
                await self._ports.clock.sleep(pause_seconds)
