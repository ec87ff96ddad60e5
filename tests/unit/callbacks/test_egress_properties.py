"""Generated URLs: whatever the text, no address outside the table comes out of the guard."""

from __future__ import annotations

import random
from ipaddress import IPv6Address, ip_address

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from meganodes.callbacks.egress import BadTarget, Egress, EgressRules, Target, parse_callback_url
from tests.support.callback_urls import BAD_URLS, GOOD_URLS, NameService
from tests.support.effort import effort

pytestmark = pytest.mark.thorough
RULES = EgressRules(allow_http=True, allowed_ports=frozenset({8443, 8080}))
PIECES = (
    "http", "https", "HTTPS", "ftp", ":", "/", "//", "://", "\\", "@", "#", "?", "%", "%00", "%2f",
    "[", "]", "[::1]", "[::ffff:7f00:1]", "::1", ".", "..", "127.0.0.1", "127.1", "0x7f", "0177",
    "2130706433", "169.254.169.254", "10", "localhost", "good", "example", "com", "internal", "0",
    "a", "-", "_", "443", "xn--", "22", "0443", "65536", "\t", "\n", "\r\n", " ", "\x00", "\ufeff",
    "①", "。", "é", "x" * 64, "metadata.google.internal", "nip", "user", "pass", "=", "&", ";", ",",
)  # fmt: skip


class Everywhere:
    """Leads names to all kinds of addresses, chosen by the name."""

    ADDRESSES = (
        "93.184.216.34", "127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "2a00:1450::1",
        "::ffff:127.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "224.0.0.1", "0.0.0.1", "fe80::1",
        "100.64.0.1", "192.0.0.192", "5f00::1",
    )  # fmt: skip

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Give one or two addresses."""
        chance = random.Random(host)  # noqa: S311 - the same host, the same addresses
        return tuple(chance.sample(self.ADDRESSES, chance.choice((1, 1, 2))))


def is_dangerous(address: str) -> bool:
    """Judge an address independently of the table: by the library, and by what it gets wrong."""
    parsed = ip_address(address)
    if isinstance(parsed, IPv6Address):
        embeds_v4 = parsed.ipv4_mapped or parsed.sixtofour or parsed.teredo
        return bool(embeds_v4) or not parsed.is_global or parsed.packed[0] >> 5 != 1
    return not parsed.is_global or parsed.is_multicast


def outcome_of(text: str) -> Target | None:
    try:
        return parse_callback_url(text, RULES)
    except BadTarget:
        return None


async def check_one(text: str, egress: Egress) -> bool:
    """Run a text through the guard; True when something came out, which must be public then."""
    target = outcome_of(text)
    if target is None:
        return False
    assert target.host.isascii()
    assert target.path_and_query.startswith("/")
    assert b"\r\n" not in target.request_head[:-2].replace(b"\r\nHost: ", b"")
    assert target.port in {443, 80, 8443, 8080}
    try:
        addresses = await egress.check(target)
    except BadTarget:
        return False
    assert addresses
    assert not any(is_dangerous(address) for address in addresses)
    return True


@settings(max_examples=effort(500, 10_000))
@given(text=st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example(text="https://good.example/")
async def test_joined_pieces_lead_to_public_addresses_only(text: str) -> None:
    await check_one(text, Egress(RULES, Everywhere()))
    await check_one(f"https://{text}", Egress(RULES, Everywhere()))


@settings(max_examples=effort(500, 10_000))
@given(text=st.text(max_size=60))
async def test_any_text_leads_to_public_addresses_only(text: str) -> None:
    await check_one(text, Egress(RULES, Everywhere()))
    await check_one(f"https://{text}/", Egress(RULES, NameService()))
    await check_one(f"https://good.example/{text}", Egress(RULES, Everywhere()))


@pytest.mark.parametrize("seed", range(4))
async def test_mutations_of_known_urls_lead_to_public_addresses_only(
    seed: int,
) -> None:
    chance = random.Random(seed)  # noqa: S311 - the same seed, the same URLs
    known = [url.text[:200] for url in BAD_URLS] + [url[:200] for url in GOOD_URLS]
    egress = Egress(RULES, Everywhere())
    came_out = 0
    for _ in range(25_000):
        came_out += await check_one(_mutated(chance.choice(known), chance), egress)
    assert came_out > 100, "the mutations must leave some URLs good, or the test says nothing"


def _mutated(text: str, chance: random.Random) -> str:
    for _ in range(chance.choice((0, 1, 1, 2))):
        at = chance.randrange(len(text) + 1)
        match chance.randrange(4):
            case 0:
                text = text[:at] + chance.choice(PIECES) + text[at:]
            case 1:
                text = text[:at] + text[at + 1 :]
            case 2:
                text = text[:at] + chr(chance.choice((chance.randrange(128), 0x3002))) + text[at:]
            case _:
                text = text.replace("good.example", chance.choice(PIECES))
    return text
