"""Callback URLs that must be refused, by their form in reliability 3.9, and some that must not.

A bad URL may be bad by itself or by what its name leads to; `ADDRESSES` is the name service of
these tests, and a name it does not know leads to loopback, so that a hole in the guard shows.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from meganodes.callbacks.egress import EgressRules, Target, Unresolved

PUBLIC_ADDRESS = "93.184.216.34"
OWN_ADDRESS = "93.184.216.99"
STRICT = EgressRules(
    own_hosts=frozenset({"hub.example"}), own_addresses=frozenset({OWN_ADDRESS, "2a00:1::9"})
)

ADDRESSES: dict[str, tuple[str, ...]] = {
    "good.example": (PUBLIC_ADDRESS,),
    "both.example": (PUBLIC_ADDRESS, "2a00:1450:4001:81b::200e"),
    "mixed.example": (PUBLIC_ADDRESS, "10.0.0.7"),
    "families.example": (PUBLIC_ADDRESS, "::1"),
    "mapped.example": ("::ffff:127.0.0.1",),
    "zone.example": ("fe80::1%eth0",),
    "metadata.example": ("169.254.169.254",),
    "cname.example": ("10.1.2.3",),
    "crowd.example": tuple(f"93.184.{high}.{low}" for high in range(4) for low in range(250)),
    "nobody.example": (),
    "self.example": (OWN_ADDRESS,),
    "selfv6.example": ("2a00:1::9",),
}


class NameService:
    """A resolver that answers from the table, or as an operating system would; it counts."""

    def __init__(self, addresses: dict[str, tuple[str, ...]] | None = None) -> None:
        self.asked: list[str] = []
        self._addresses = ADDRESSES if addresses is None else addresses

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Answer from the table; numbers in any spelling as inet_aton reads them."""
        self.asked.append(host)
        if host in self._addresses:
            found = self._addresses[host]
            if not found:
                raise Unresolved(f"the name {host} has no address")
            return found
        try:
            return (socket.inet_ntoa(socket.inet_aton(host)),)
        except OSError:
            return ("127.0.0.1",)


@dataclass(frozen=True)
class BadUrl:
    """One URL and the number of its form in the table of reliability 3.9."""

    form: int
    text: str

    def __str__(self) -> str:
        """Name the case in a test report, in ASCII."""
        return f"{self.form}-{self.text[:60].encode('unicode_escape').decode()}"


def _hosts(form: int, *hosts: str) -> list[BadUrl]:
    return [BadUrl(form, f"https://{host}/callback") for host in hosts]


def _texts(form: int, *texts: str) -> list[BadUrl]:
    return [BadUrl(form, text) for text in texts]


BAD_URLS: list[BadUrl] = [
    *_texts(1, "http://127.0.0.1/", "https://127.0.0.1/", "https://127.0.0.1:443/x"),
    *_hosts(2, "127.1", "127.0.1", "10.1"),
    *_hosts(3, "2130706433", "3232235777", "4294967295"),
    *_hosts(4, "0x7f000001", "0x7f.0.0.1", "0x7F.1", "0x7f.0x0.0x0.0x1", "127.0.0.0x1"),
    *_hosts(5, "0177.0.0.1", "017700000001", "012.0.0.1", "0177.1", "0o177.0.0.1"),
    *_hosts(6, "0127.0.0.1", "00000127.0.0.1"),
    *_hosts(7, "0", "0.0.0.0", "0.1", "00"),  # noqa: S104 - a target, nothing is bound
    *_hosts(8, "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]"),
    *_hosts(9, "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:FFFF:127.0.0.1]"),
    *_hosts(10, "[::127.0.0.1]", "[::7f00:1]"),
    *_hosts(11, "[64:ff9b::7f00:1]", "[64:ff9b::127.0.0.1]"),
    *_hosts(12, "[64:ff9b:1::a00:1]"),
    *_hosts(13, "[2002:7f00:1::]", "[2002:a00:1::1]"),
    *_hosts(14, "[2001:0:7f00:1::]"),
    *_hosts(15, "[fe80::1%25eth0]", "[fe80::1%eth0]", "[fe80::1]", "zone.example"),
    *_hosts(16, "[fd00:ec2::254]", "[fd12:3456::1]"),
    *_hosts(17, "[fec0::1]"),
    *_hosts(18, "[ff02::1]", "[ff0e::1]"),
    *_hosts(19, "[3fff::1]", "[5f00::1]"),
    *_hosts(20, "[100::1]", "[2001:db8::1]", "[2001:10::1]", "[2001:20::1]"),
    *_hosts(21, "169.254.169.254", "metadata.example"),
    *_hosts(22, "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518"),
    *_hosts(23, "100.100.100.200"),
    *_hosts(24, "192.0.0.192"),
    *_hosts(25, "metadata.google.internal", "METADATA.GOOGLE.INTERNAL", "instance-data.internal"),
    *_hosts(26, "100.64.0.1", "100.127.255.254"),
    *_hosts(27, "198.18.0.1", "192.88.99.1", "192.31.196.1", "192.52.193.1", "192.175.48.1"),
    *_hosts(28, "224.0.0.1", "239.255.255.250"),
    *_hosts(29, "240.0.0.1", "255.255.255.255"),
    *_hosts(30, "①②⑦.⓪.⓪.①"),  # circled digits
    *_hosts(31, "１２７.0.0.1", "１２７.０.０.１"),  # noqa: RUF001 - full-width digits are the case
    *_hosts(32, "127。0。0。1", "127｡0｡0｡1", "good．example"),  # noqa: RUF001 - odd dots are the case
    *_hosts(33, "go\u00adod.example", "go\u200bod.example", "stra\u00dfe.example"),
    *_hosts(33, "\u017felf.example", "a\u2100b.example", "b\u00fccher.example"),
    *_texts(34, "https://good.example@127.0.0.1/", "https://user:pass@good.example/"),
    *_texts(34, "https://@good.example/", "https://:@good.example/"),
    *_texts(35, "https://good.example:443@127.0.0.1:8080/"),
    *_texts(36, "https://127.0.0.1#@good.example/", "https://good.example/#part"),
    *_texts(36, "https://good.example#"),
    *_texts(37, "https://127.0.0.1\\@good.example/"),
    *_texts(38, "https://good.example\\@127.0.0.1/", "https://good.example\\/callback"),
    *_texts(39, "https://127.0.0.1%2f@good.example/", "https://good.example%2f.127.0.0.1/"),
    *_texts(40, "https://good.example%00.127.0.0.1/", "https://good.example\x00.127.0.0.1/"),
    *_texts(
        41, "https://good.ex\tample/", "https://good.example/\ncallback", "ht\ntps://good.example/"
    ),
    *_texts(41, "https://good.example/a b", "https://good.example/\x7f"),
    *_texts(42, "https://127.0.0.1\r\nX-Evil: 1/", "https://good.example/\r\nX-Evil: 1"),
    *_texts(42, "https://good.example/?x=\r\n\r\nGET /"),
    *_texts(43, "http:127.0.0.1", "http:/127.0.0.1", "http:///127.0.0.1"),
    *_texts(43, "https:good.example", "https:/good.example", "https:///good.example"),
    *_texts(44, "//127.0.0.1/", "//good.example/", "/callback", "good.example/callback"),
    *_texts(45, "HTTPS://127.0.0.1/", "HTTPS://good.example/", " https://good.example/"),
    *_texts(45, "\ufeffhttps://good.example/", "https://good.example/ ", ""),
    *_texts(46, "file:///etc/passwd", "file://good.example/etc/passwd"),
    *_texts(47, "gopher://127.0.0.1:6379/_", "gopher://good.example/_"),
    *_texts(48, "ftp://good.example/", "dict://127.0.0.1:11211/", "ldap://127.0.0.1/"),
    *_texts(48, "jar:https://good.example!/", "data:text/plain,x", "javascript:alert(1)"),
    *_texts(48, "ws://good.example/", "wss://good.example/", "httpss://good.example/"),
    *_texts(49, "unix:///var/run/docker.sock"),
    *_texts(50, "http+unix://%2Fvar%2Frun%2Fdocker.sock/", "https+unix://good.example/"),
    *_texts(51, "https://unix:/tmp/x.sock:/"),
    *[
        BadUrl(52, f"https://good.example:{port}/")
        for port in ("0", "22", "25", "80", "5432", "6379", "65536", "99999999999", "-1", "")
    ],
    *[
        BadUrl(52, f"https://good.example:{port}/")
        for port in ("080", "0443", "+443", "443a", "4_4_3", "0x1bb", "443:443", "٤٤٣")
    ],
    *_hosts(
        53, "localhost", "LOCALHOST.", "a.localhost", "localhost.", "printer.local", "home.arpa"
    ),
    *_hosts(53, "intranet", "x.home.arpa", "hidden.onion", "x.internal."),
    *_hosts(54, "localtest.example", "127.0.0.1.nip.example", "www.10-0-0-1.nip.example"),
    *_hosts(55, "mixed.example"),
    *_hosts(56, "families.example", "mapped.example"),
    *_hosts(59, "cname.example"),
    *_hosts(60, "crowd.example", "nobody.example"),
    *_hosts(64, "hub.example", "HUB.example.", "a.hub.example", "self.example", "selfv6.example"),
    *_hosts(66, "127.0.0.1.", "127.0.0.1..", "good.example..", ".good.example", "good..example"),
    *_hosts(67, "a" * 64 + ".example", ("a" * 60 + ".") * 4 + "example.example", "x" * 300),
    *_texts(67, "https://good.example/" + "x" * 100_000, "https://good.example/" + "x" * 2_028),
    *_hosts(68, "[v1.fe80::1]", "[::1", "::1", "[[::1]]", "[]", "[good.example]", "]", "[::1]x"),
    *_hosts(68, "good_name.example", "-good.example", "good-.example", "*.example", "a,b.example"),
]

GOOD_URLS: list[str] = [
    "https://good.example",
    "https://good.example/",
    "https://good.example:443/",
    "https://good.example./callback",
    "https://Good.Example/callback",
    "https://both.example/callback",
    "https://good.example?x=1",
    "https://good.example/?a=1&b=2",
    "https://good.example/a/b/c.php",
    "https://good.example/%20%C3%A9",
    "https://good.example/a;b=c,d",
    "https://good.example/~user/(x)!$'*+",
    "https://good.example/:@/:443",
    "https://good.example/http://127.0.0.1/",
    "https://good.example/?next=//127.0.0.1/",
    "https://good.example//double",
    "https://good.example/../up",
    "https://good.example/" + "x" * 2_000,
    *[
        f"https://{host}/callback"
        for host in (
            "a.example", "api.casino.example", "a.b.c.d.e.f.g.example", "xn--bcher-kva.example",
            "xn--80ak6aa92e.example", "casino.xn--p1ai", "1xcasino.example", "127.example",
            "0x7f.example", "10.0.0.1.casino.example", "a-b.example", "a--b.example", "x1.example",
            "localhost.example", "local.example", "internal.example", "home.arpa.example",
            "onion.example", "myhub.example", "hub.example.org", "unix.example", "meta.example.org",
            "UPPER.CASE.EXAMPLE", "a" * 63 + ".example", ("a" * 60 + ".") * 4 + "example",
            "casino.com", "casino.co.uk", "casino.bet", "casino.io", "casino.games",
            "wallet-7.eu-west-1.casino.example", "s3.casino.example", "169-254-169-254.example",
            "v2.callback.casino.example", "xn--fiqs8s.example",
        )
    ],
]  # fmt: skip
"""The names in it lead to a public address, each."""


class PublicNameService(NameService):
    """Leads every name to public addresses."""

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Answer with a public address of each family."""
        self.asked.append(host)
        return ADDRESSES["both.example"]


def naive_target(text: str) -> Target:
    """Take a URL apart as carelessly as a program without a guard would."""
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or text, parts.port
    except ValueError:
        host, port = text, None
    return Target(
        scheme=text.partition("://")[0] or "https",
        host=host,
        port=443 if port is None else port,
        path_and_query="/" + text.partition("://")[2].partition("/")[2],
    )
