"""How the toy studio speaks with the hub: the Provider API, one request at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Protocol

from meganodes.demo.http_client import HttpRequest, NoAnswer, send
from meganodes.demo.studio_rules import Answer

ANSWER_SECONDS = 6.0
"""How long a provider waits: the hub answers within 3 s, and less than 5 s is not allowed."""


class HubDoor(Protocol):
    """The hub, as a provider sees it."""

    async def ask(self, command: str, body: str) -> Answer | None:
        """Send one request and return the complete answer, None when there was none."""


class ProviderDoor:
    """The hub over HTTP. With several nodes each request goes to the next of them in turn."""

    def __init__(self, hub_url: str, provider_token: str, other_nodes: Sequence[str] = ()) -> None:
        self._bases = cycle(f"{url}/provider/v1/" for url in (hub_url, *other_nodes))
        self._token = provider_token

    async def ask(self, command: str, body: str) -> Answer | None:
        """Send one request and return the complete answer, None when there was none.

        It is sent to one node only: whoever asks repeats it, and the repeat goes to another.
        """
        url = next(self._bases) + command
        request = HttpRequest(method="POST", url=url, token=self._token, body=body.encode())
        try:
            result = await send(request, ANSWER_SECONDS)
            return _answer(result.status, result.json())
        except NoAnswer:
            return None


def _answer(status: int, envelope: object) -> Answer | None:
    """Read the envelope; anything that is not one is no answer."""
    if not isinstance(envelope, Mapping):
        return None
    code, data = envelope.get("code"), envelope.get("data")
    if not isinstance(code, int) or isinstance(code, bool):
        return None
    return Answer(status=status, code=code, data=data if isinstance(data, Mapping) else {})
