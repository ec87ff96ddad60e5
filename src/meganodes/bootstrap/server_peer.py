"""Who is calling: the real peer, or what a trusted proxy says about it (reliability 3.10, S20)."""

from __future__ import annotations

from collections.abc import Iterable

from meganodes.kit.addresses import caller_address, is_among, read_address, read_networks

UNKNOWN = ""
"""A caller that a trusted proxy named unreadably; no allow list has it."""


class CallerAddress:
    """Reads `X-Forwarded-For`, from the right, only as far as trusted proxies wrote it."""

    def __init__(self, trusted_proxies: tuple[str, ...]) -> None:
        """Trust these addresses and ranges; with none of them the header never counts."""
        self._trusted = read_networks(trusted_proxies)

    def is_proxy(self, address: str) -> bool:
        """Tell whether this peer's forwarding header counts."""
        peer = read_address(address)
        return peer is not None and is_among(self._trusted, peer)

    def behind(self, proxy: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """Give the first address, from the right, that is no trusted proxy itself."""
        lines = (value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for")
        caller = caller_address(proxy, lines, self._trusted)
        return UNKNOWN if caller is None else str(caller)
