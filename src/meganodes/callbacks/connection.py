"""One connection to one backend: one request at a time, one reply to it, one deadline over both.

It never repairs itself: whatever is not a clean, complete reply ends it (contract 3.3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from meganodes.callbacks.egress import Target
from meganodes.callbacks.reader import ReplyReader


class Link(Protocol):
    """What a connection must know of its socket."""

    @property
    def address(self) -> str:
        """The address of the other end, as it was checked."""

    def is_silent(self) -> bool:
        """Tell whether neither a byte nor a FIN waits in the socket."""


class Connection(asyncio.Protocol):
    """An open connection. ``reader`` holds the reply once the future of `start` is done."""

    __slots__ = (
        "_closed",
        "_deadline",
        "_idle_until",
        "_link",
        "_loop",
        "_monotonic",
        "_on_closed",
        "_timer",
        "_timer_at",
        "_transport",
        "_waiter",
        "peer_address",
        "reader",
        "target",
    )

    def __init__(
        self,
        target: Target,
        link: Link,
        monotonic: Callable[[], float],
        on_closed: Callable[[Connection], None],
    ) -> None:
        """Take a connected link; ``on_closed`` is called once, when the connection is over."""
        self.target = target
        self.peer_address = link.address
        self.reader = ReplyReader()
        self._link = link
        self._monotonic = monotonic
        self._on_closed = on_closed
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[str | None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = self._deadline = self._idle_until = 0.0
        self._closed = False

    def start(self, request: bytes, deadline: float) -> asyncio.Future[str | None]:
        """Hand the request to the socket; the future brings None for a reply, else the fault."""
        assert self._transport is not None, "a connection sends once it is made"
        assert self._waiter is None, "one request at a time"
        self.reader.restart()
        self._deadline = deadline
        self._waiter = waiter = self._loop.create_future()
        self._transport.write(request)
        self._wake_at(deadline)
        return waiter

    def idle(self, seconds: float) -> None:
        """Wait for the next request, for so long at most."""
        self._idle_until = self._monotonic() + seconds
        self._wake_at(self._idle_until)

    def is_usable(self, now: float) -> bool:
        """Tell whether the next request may go over this idle connection.

        The socket itself is asked each time (0.4 us): right behind the last reply there may be a
        FIN that the event loop has not seen yet (contract 3.3).
        """
        return not self._closed and now < self._idle_until and self._link.is_silent()

    @property
    def is_closed(self) -> bool:
        """Tell whether the connection is over."""
        return self._closed

    def abort(self) -> None:
        """End the connection at once; whatever is still in it is thrown away."""
        if self._transport is not None:
            self._transport.abort()
        self._end("the hub closed the connection")

    # What follows is called by the event loop.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._waiter is None:
            self.abort()  # bytes nobody asked for: the next reply would be one off
            return
        self.reader.feed(data)
        self._conclude()

    def eof_received(self) -> None:
        self.reader.close()
        self._conclude()
        self._fail(self.reader.missing_at_close())  # ends the connection in any case

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is None:
            self._end(self.reader.missing_at_close())
        else:
            self._end(f"the connection broke; {self.reader.missing()}")

    def _conclude(self) -> None:
        reader = self.reader
        if reader.fault is not None:
            self._fail(reader.fault)
        elif reader.complete:
            if self._transport is not None and self._transport.get_write_buffer_size() > 0:
                self._fail("the backend answered before it had read the request")
            else:
                self._resolve(None)

    def _fail(self, fault: str) -> None:
        self._resolve(fault)
        self.abort()

    def _resolve(self, fault: str | None) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(fault)

    def _end(self, fault: str) -> None:
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._resolve(fault)
        self._on_closed(self)

    def _wake_at(self, moment: float) -> None:
        # One timer serves deadline and idling; it is only moved when it would wake too late, and
        # looks again when it wakes too early. Most requests touch no timer at all.
        if self._timer is not None:
            if self._timer_at <= moment:
                return
            self._timer.cancel()
        self._timer_at = moment
        self._timer = self._loop.call_later(max(0.0, moment - self._monotonic()), self._wake)

    def _wake(self) -> None:
        self._timer = None
        moment = self._idle_until if self._waiter is None else self._deadline
        if self._monotonic() < moment:
            self._wake_at(moment)
        elif self._waiter is None:
            self.abort()
        else:
            self._fail(f"nothing complete at the deadline; {self.reader.missing()}")
