"""Who is calling: spoofed forwarding headers count for nothing (reliability 3.10, S20)."""

from __future__ import annotations

import pytest

from meganodes.bootstrap.server_peer import UNKNOWN, CallerAddress

PROXY = "10.0.0.5"
BEHIND = CallerAddress(("10.0.0.0/8", "2001:db8::1"))


def forwarded(*values: str) -> list[tuple[bytes, bytes]]:
    return [(b"x-forwarded-for", value.encode("latin-1")) for value in values]


@pytest.mark.parametrize(
    ("values", "caller"),
    [
        ((), PROXY),
        (("192.0.2.1",), "192.0.2.1"),
        (("192.0.2.1:4711",), "192.0.2.1"),
        (("[2001:db8::7]:4711",), "2001:db8::7"),
        (("2001:DB8::7",), "2001:db8::7"),
        # Whatever the caller wrote stands left of what the proxies wrote.
        (("127.0.0.1, 192.0.2.1",), "192.0.2.1"),
        (("10.9.9.9, 192.0.2.1, 10.0.0.7",), "192.0.2.1"),
        (("10.9.9.9", "192.0.2.1", "10.0.0.7"), "192.0.2.1"),
        (("10.9.9.9, 10.0.0.7",), "10.9.9.9"),
        # A proxy that writes nonsense hides its caller, and nobody is let in for it.
        (("unknown",), UNKNOWN),
        (("192.0.2.1, unknown",), UNKNOWN),
        (("192.0.2.1,",), UNKNOWN),
        (("_hidden",), UNKNOWN),
        (("",), UNKNOWN),
        (("192.0.2.1 10.0.0.1",), UNKNOWN),
        (("192.0.2.300",), UNKNOWN),
        (("\xff",), UNKNOWN),
    ],
)
@pytest.mark.security("S20")
def test_the_header_is_read_from_the_right_as_far_as_proxies_wrote_it(
    values: tuple[str, ...], caller: str
) -> None:
    assert BEHIND.behind(PROXY, forwarded(*values)) == caller


@pytest.mark.security("S20")
def test_other_headers_say_nothing_about_the_caller() -> None:
    names = (b"forwarded", b"x-real-ip", b"x-client-ip", b"true-client-ip", b"x-forwarded-host")
    assert BEHIND.behind(PROXY, [(name, b"192.0.2.1") for name in names]) == PROXY


@pytest.mark.parametrize("peer", ["10.0.0.5", "10.255.0.1", "2001:db8::1", "::ffff:10.0.0.5"])
def test_listed_proxies_are_trusted(peer: str) -> None:
    assert BEHIND.is_proxy(peer)


@pytest.mark.parametrize("peer", ["11.0.0.5", "2001:db8::2", "", "127.0.0.1"])
def test_no_other_peer_is(peer: str) -> None:
    assert not BEHIND.is_proxy(peer)


@pytest.mark.parametrize("peer", ["127.0.0.1", "10.0.0.5", ""])
def test_without_trusted_proxies_nobody_is_one(peer: str) -> None:
    assert not CallerAddress(()).is_proxy(peer)
