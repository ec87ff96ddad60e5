"""Who is calling: the real peer, or what a trusted proxy says about it (reliability 3.10, S20)."""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import ip_address

from meganodes.provider_api.allow_list import is_allowed

UNKNOWN = ""
"""A caller that a trusted proxy named unreadably; no allow list has it."""


class CallerAddress:
    """Reads `X-Forwarded-For`, from the right, only as far as trusted proxies wrote it."""

    def __init__(self, trusted_proxies: tuple[str, ...]) -> None:
        """Trust these addresses and ranges; with none of them the header never counts."""
        self._trusted_proxies = trusted_proxies

    def is_proxy(self, address: str) -> bool:
        """Tell whether this peer's forwarding header counts."""
        return bool(self._trusted_proxies) and is_allowed(self._trusted_proxies, address)

    def behind(self, proxy: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """Give the first address, from the right, that is no trusted proxy itself."""
        forwarded = b",".join(value for name, value in headers if name == b"x-forwarded-for")
        caller = proxy
        for entry in reversed(forwarded.split(b",")) if forwarded else ():
            caller = _address(entry.decode("latin-1").strip())
            if not self.is_proxy(caller):
                break
        return caller


def _address(entry: str) -> str:
    """Take an address, also with a port behind it (`192.0.2.1:80`, `[2001:db8::1]:80`)."""
    if entry.startswith("["):
        entry = entry[1:].partition("]")[0]
    elif entry.count(":") == 1:
        entry = entry.partition(":")[0]
    try:
        return str(ip_address(entry))
    except ValueError:
        return UNKNOWN
