"""The guard on callback addresses, rule by rule (reliability 3.9)."""

from __future__ import annotations

import pytest

from meganodes.callbacks.egress import (
    ADDRESSES_MAX,
    BadTarget,
    Egress,
    EgressRules,
    Target,
    Unresolved,
    parse_callback_url,
)
from tests.support.callback_urls import (
    BAD_URLS,
    GOOD_URLS,
    PUBLIC_ADDRESS,
    STRICT,
    BadUrl,
    NameService,
    PublicNameService,
    naive_target,
)

PRIVATE = EgressRules(allow_private_targets=True)
HARMLESS_PARTS = {
    Target(scheme="https", host="good.example", port=443, path_and_query=path)
    for path in ("/", "/callback", "//callback", "/" + "x" * 2_028)
}
"""What is left when user info and the like are dropped: nothing bad is in the parts any more."""

NO_TARGET_AT_SAVE = {57, 58, 61, 62, 63, 65}
"""Forms that only time, a redirect or another agent can show; they have tests of their own."""


def test_corpus_covers_every_form_with_at_least_150_urls() -> None:
    assert {url.form for url in BAD_URLS} == set(range(1, 69)) - NO_TARGET_AT_SAVE
    assert len({url.text for url in BAD_URLS}) >= 150
    assert len(set(GOOD_URLS)) >= 50


@pytest.mark.parametrize("url", BAD_URLS, ids=str)
@pytest.mark.security("S21")
async def test_bad_urls_are_refused_at_save(url: BadUrl) -> None:
    egress = Egress(STRICT, NameService())
    with pytest.raises(BadTarget) as caught:
        await egress.check(egress.parse(url.text))
    assert len(caught.value.reason.split()) >= 5, "the reason is a sentence"
    assert caught.value.reason.isprintable()
    assert len(caught.value.reason) < 500
    assert "10." not in caught.value.reason, "what our resolver found is not told"


@pytest.mark.parametrize("url", BAD_URLS, ids=str)
async def test_bad_urls_are_refused_again_when_their_parts_come_from_elsewhere(url: BadUrl) -> None:
    egress = Egress(STRICT, NameService())
    target = naive_target(url.text)
    if target in HARMLESS_PARTS:
        assert await egress.check(target) == (PUBLIC_ADDRESS,)
        return
    with pytest.raises(BadTarget):
        await egress.check(target)


@pytest.mark.rule("3.4-callback-url-https")
@pytest.mark.parametrize("url", GOOD_URLS)
async def test_good_urls_are_accepted(url: str) -> None:
    names = PublicNameService()
    egress = Egress(STRICT, names)
    target = egress.parse(url)
    assert PUBLIC_ADDRESS in await egress.check(target)
    assert names.asked == [target.host]
    assert (target.scheme, target.port) == ("https", 443)


@pytest.mark.parametrize(
    ("url", "host", "path", "head"),
    [
        ("https://good.example", "good.example", "/", b"POST / HTTP/1.1\r\nHost: good.example\r\n"),
        (
            "https://Good.Example.:443/a?b=c",
            "good.example",
            "/a?b=c",
            b"POST /a?b=c HTTP/1.1\r\nHost: good.example\r\n",
        ),
        (
            "https://good.example?b=c",
            "good.example",
            "/?b=c",
            b"POST /?b=c HTTP/1.1\r\nHost: good.example\r\n",
        ),
    ],
)
def test_url_is_taken_apart_once(url: str, host: str, path: str, head: bytes) -> None:
    target = parse_callback_url(url, STRICT)
    assert (target.host, target.path_and_query) == (host, path)
    assert target.request_head == head


@pytest.mark.rule("3.4-callback-url-https")
def test_configured_port_is_accepted_and_named_in_the_host_header() -> None:
    rules = EgressRules(allowed_ports=frozenset({8443}))
    target = parse_callback_url("https://good.example:8443/x", rules)
    assert target.port == 8443
    assert b"Host: good.example:8443\r\n" in target.request_head
    with pytest.raises(BadTarget, match="port 8444 is not allowed"):
        parse_callback_url("https://good.example:8444/x", rules)


@pytest.mark.rule("3.4-callback-url-http")
def test_plain_http_needs_a_switch() -> None:
    url = "http://good.example/callback"
    with pytest.raises(BadTarget, match="https"):
        parse_callback_url(url, STRICT)
    assert parse_callback_url(url, EgressRules(allow_http=True)).port == 80
    assert parse_callback_url(url, PRIVATE).scheme == "http"


@pytest.mark.rule("3.4-callback-url-http")
@pytest.mark.parametrize(
    ("url", "host", "port"),
    [
        ("http://127.0.0.1:8701/callback", "127.0.0.1", 8701),
        ("http://[::1]:8701/callback", "::1", 8701),
        ("http://localhost:8701/callback", "localhost", 8701),
        ("http://casino:8701/callback", "casino", 8701),
        ("https://casino.internal/callback", "casino.internal", 443),
        ("http://10.0.0.5/callback", "10.0.0.5", 80),
    ],
)
def test_private_targets_open_loopback_and_private_networks(url: str, host: str, port: int) -> None:
    target = parse_callback_url(url, PRIVATE)
    assert (target.host, target.port) == (host, port)
    with pytest.raises(BadTarget):
        parse_callback_url(url, STRICT)


def test_address_in_brackets_keeps_them_in_the_host_header() -> None:
    target = parse_callback_url("http://[::1]:8701/x", PRIVATE)
    assert target.request_head == b"POST /x HTTP/1.1\r\nHost: [::1]:8701\r\n"


@pytest.mark.parametrize(
    "host",
    ["169.254.169.254", "127.1", "0x7f.0.0.1", "2130706433", "0177.0.0.1", "[::ffff:127.0.0.1]",
     "0", "[fe80::1%25eth0]", "user@127.0.0.1", "[fd00:ec2::254]", "100.100.100.200", "bad_name"],
)  # fmt: skip
def test_private_targets_open_nothing_else(host: str) -> None:
    with pytest.raises(BadTarget):
        parse_callback_url(f"http://{host}/callback", PRIVATE)


async def test_private_targets_refuse_a_name_that_leads_to_metadata() -> None:
    egress = Egress(PRIVATE, NameService())
    with pytest.raises(BadTarget, match="leads to an address"):
        await egress.check(egress.parse("http://metadata.example/"))


async def test_private_targets_still_take_public_names() -> None:
    egress = Egress(PRIVATE, NameService())
    assert await egress.check(egress.parse("https://good.example/")) == (PUBLIC_ADDRESS,)


@pytest.mark.security("S21")
async def test_every_address_of_a_name_must_pass() -> None:
    egress = Egress(STRICT, NameService())
    assert len(await egress.check(egress.parse("https://both.example/"))) == 2
    with pytest.raises(BadTarget, match="leads to an address callbacks may not go to"):
        await egress.check(egress.parse("https://mixed.example/"))


async def test_number_of_addresses_is_bounded() -> None:
    many = tuple(f"93.184.216.{low}" for low in range(ADDRESSES_MAX + 1))
    egress = Egress(STRICT, NameService({"many.example": many, "most.example": many[1:]}))
    assert len(await egress.check(egress.parse("https://most.example/"))) == ADDRESSES_MAX
    with pytest.raises(BadTarget, match="more than 16 addresses"):
        await egress.check(egress.parse("https://many.example/"))


async def test_name_without_an_address_is_unresolved_and_not_refused() -> None:
    class Nobody:
        async def resolve(self, host: str) -> tuple[str, ...]:
            del host
            return ()

    with pytest.raises(Unresolved):
        await Egress(STRICT, Nobody()).check(naive_target("https://good.example/"))


async def test_hub_itself_is_refused_by_name_and_by_address() -> None:
    egress = Egress(STRICT, NameService())
    with pytest.raises(BadTarget, match="the hub itself"):
        egress.parse("https://hub.example/callback")
    with pytest.raises(BadTarget, match="leads to an address"):
        await egress.check(egress.parse("https://self.example/callback"))


async def test_own_private_address_is_refused_and_loopback_is_not() -> None:
    rules = EgressRules(
        allow_private_targets=True, own_addresses=frozenset({"10.0.0.5", "127.0.0.1"})
    )
    egress = Egress(rules, NameService())
    with pytest.raises(BadTarget):
        await egress.check(egress.parse("http://10.0.0.5/"))
    assert await egress.check(egress.parse("http://127.0.0.1:8701/")) == ("127.0.0.1",)


@pytest.mark.security("S21")
async def test_form_57_name_that_flips_is_judged_anew_each_time() -> None:
    """A name that changes between two look-ups (forms 57 and 58) is refused by the second."""

    class Flipping:
        def __init__(self) -> None:
            self.count = 0

        async def resolve(self, host: str) -> tuple[str, ...]:
            del host
            self.count += 1
            return (PUBLIC_ADDRESS,) if self.count % 2 else ("127.0.0.1",)

    egress = Egress(STRICT, Flipping())
    target = egress.parse("https://good.example/")
    for _ in range(1_000):
        assert await egress.check(target) == (PUBLIC_ADDRESS,)
        with pytest.raises(BadTarget):
            await egress.check(target)


@pytest.mark.parametrize(
    "target",
    [
        Target(scheme="gopher", host="good.example", port=443, path_and_query="/"),
        Target(scheme="http", host="good.example", port=443, path_and_query="/"),
        Target(scheme="https", host="good.example", port=22, path_and_query="/"),
        Target(scheme="https", host="good.example", port=0, path_and_query="/"),
        Target(scheme="https", host="good.example", port=443, path_and_query="/\r\nX-Evil: 1"),
        Target(scheme="https", host="good.example", port=443, path_and_query="callback"),
        Target(scheme="https", host="127.0.0.1\r\nX", port=443, path_and_query="/"),
    ],
)
async def test_parts_from_elsewhere_are_judged_too(target: Target) -> None:
    names = NameService()
    with pytest.raises(BadTarget):
        await Egress(STRICT, names).check(target)
    assert names.asked == [], "nothing is looked up for a target that is refused"
