"""Where a hub is, read from the address that an operator writes down."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443}
_API = "/v4"


class HubPlace(NamedTuple):
    """The parts of a hub's address. ``prefix`` is what stands before /v4, usually nothing."""

    scheme: str
    host: str
    port: int
    prefix: str

    @property
    def url(self) -> str:
        """The address again, without a slash at its end."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{host}:{self.port}{self.prefix}"


def read_place(url: str) -> HubPlace:
    """Read an address such as https://hub.example; raises ValueError with the reason."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError(f"{url!r} is no address of a hub, such as https://hub.example")
    if parts.query or parts.fragment or parts.username is not None:
        raise ValueError("the hub's address has neither a query nor a name and password")
    prefix = parts.path.rstrip("/").removesuffix(_API)
    return HubPlace(parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme], prefix)
