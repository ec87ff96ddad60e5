"""HTTP by the standard library, for many threads: a few kept connections, nothing followed."""

from __future__ import annotations

import threading
from http.client import HTTPConnection, HTTPException, HTTPSConnection

from meganodes.sdk.client.conversation import ANSWER_BYTES_MAX, Came, NothingCame, Send
from meganodes.sdk.client.place import HubPlace

_IDLE_MAX = 8


class Line:
    """Sends requests to one hub. ``timeout_seconds`` is the longest silence that is borne."""

    def __init__(self, place: HubPlace, timeout_seconds: float) -> None:
        self._place = place
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._idle: list[HTTPConnection] = []

    def send(self, sending: Send) -> Came | NothingCame:
        """Send once and give what came; a kept connection that was closed meanwhile is replaced."""
        kept = None if sending.fresh else self._take()
        if kept is not None:
            happened = self._exchange(kept, sending)
            if isinstance(happened, Came):
                return happened
            # The hub closes what is idle. Only calls that may be repeated go over kept connections.
        opened = self._new()
        try:
            opened.connect()
        except OSError as error:
            opened.close()
            return NothingCame(reason=f"the hub cannot be reached: {_said(error)}", sent=False)
        return self._exchange(opened, sending)

    def close(self) -> None:
        """Close the connections that nobody uses."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _exchange(self, connection: HTTPConnection, sending: Send) -> Came | NothingCame:
        path = self._place.prefix + sending.path
        try:
            connection.request("POST", path, sending.body, dict(sending.headers))
            response = connection.getresponse()
            body = response.read(ANSWER_BYTES_MAX + 1)
        except (OSError, HTTPException) as error:
            connection.close()
            return NothingCame(reason=f"no complete answer came: {_said(error)}", sent=True)
        headers = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close or not response.isclosed():
            connection.close()
        else:
            self._keep(connection)
        return Came(status=response.status, headers=headers, body=body)

    def _take(self) -> HTTPConnection | None:
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _keep(self, connection: HTTPConnection) -> None:
        with self._lock:
            if len(self._idle) < _IDLE_MAX:
                self._idle.append(connection)
                return
        connection.close()

    def _new(self) -> HTTPConnection:
        place = self._place
        kind = HTTPSConnection if place.scheme == "https" else HTTPConnection
        return kind(place.host, place.port, timeout=self._timeout_seconds)


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
