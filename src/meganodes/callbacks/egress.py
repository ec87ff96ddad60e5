"""The guard on callback addresses: which URLs are taken, and which addresses they may lead to.

The text is taken apart once, by a parser of our own that knows one spelling of everything; only
the parts go on, never the text. The addresses of the name are looked up and every one of them must
pass the table, at save and again for each new connection (reliability 3.9).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from ipaddress import IPv6Address
from typing import Final, Protocol

from meganodes.callbacks.addresses import is_local, is_loopback, is_public, parse_address

__all__ = [
    "BadTarget",
    "Egress",
    "EgressRules",
    "Resolver",
    "Target",
    "Unresolved",
    "is_public",
    "parse_callback_url",
    "target_fault",
]

URL_CHARACTERS_MAX: Final = 2_048
HOST_CHARACTERS_MAX: Final = 253
ADDRESSES_MAX: Final = 16
"""A name with more addresses than this is refused: no backend needs them, and each is checked."""

_PORT_MAX: Final = 65_535
_DEFAULT_PORT: Final = {"https": 443, "http": 80}
_PRINTABLE: Final = re.compile(r"[!-~]*", re.ASCII)
_PATH: Final = re.compile(r"/(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?]|%[0-9A-Fa-f]{2})*", re.ASCII)
_PORT: Final = re.compile(r"[1-9][0-9]{0,4}", re.ASCII)
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_LAST_LABEL: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])", re.ASCII)
_LOCAL_SUFFIXES: Final = ("localhost", "local", "internal", "home.arpa", "onion")


class BadTarget(ValueError):
    """A callback may not go there. The text says why, in one sentence for the integrator."""

    @property
    def reason(self) -> str:
        """The sentence."""
        return str(self)


class Unresolved(BadTarget):
    """The name has no address now: a fault of the network, not a refusal by the guard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EgressRules:
    """What this installation allows.

    ``own_hosts`` and ``own_addresses`` are the hub's public names and addresses: a callback to
    ourselves would loop. Loopback is exempt from that under ``allow_private_targets``, where the
    port tells the programs of a demo apart.
    """

    allow_private_targets: bool = False
    allow_http: bool = False
    allowed_ports: frozenset[int] = frozenset()
    own_hosts: frozenset[str] = frozenset()
    own_addresses: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a callback goes, in checked parts; ``host`` is in small letters, without a final dot.

    ``request_head`` is the request line and the Host header, ready for the wire.
    """

    scheme: str
    host: str
    port: int
    path_and_query: str
    request_head: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Render the request head once, for all requests to this target."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        suffix = "" if self.port == _DEFAULT_PORT.get(self.scheme) else f":{self.port}"
        head = f"POST {self.path_and_query} HTTP/1.1\r\nHost: {host}{suffix}\r\n"
        object.__setattr__(self, "request_head", head.encode("ascii", "replace"))


class Resolver(Protocol):
    """Finds the addresses of a name."""

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Return every address of the name, at least one, or raise Unresolved within its limit."""


class Egress:
    """The rules together with a resolver: all that decides where a callback may go."""

    def __init__(self, rules: EgressRules, resolver: Resolver) -> None:
        """Take the installation's rules and the resolver."""
        self.rules = rules
        self._resolver = resolver

    def parse(self, text: str) -> Target:
        """Take a callback URL apart, or raise BadTarget."""
        return parse_callback_url(text, self.rules)

    async def check(self, target: Target) -> tuple[str, ...]:
        """Return the addresses the target may be reached at now; raise BadTarget or Unresolved.

        The parts are judged again, so that a target from elsewhere passes no more than a parsed
        one. One bad address refuses them all.
        """
        fault = target_fault(target, self.rules)
        if fault is not None:
            raise BadTarget(fault)
        if parse_address(target.host) is not None:
            addresses: tuple[str, ...] = (target.host,)
        else:
            addresses = await self._resolver.resolve(target.host)
        if not addresses:
            raise Unresolved(f"the name {target.host} has no address")
        if len(addresses) > ADDRESSES_MAX:
            raise BadTarget(f"the name {target.host} has more than {ADDRESSES_MAX} addresses")
        for address in addresses:
            if not self._may_go_to(address):
                # The address stays unnamed: what our resolver knows of other networks is no reply.
                raise BadTarget(f"{target.host} leads to an address callbacks may not go to")
        return addresses

    def _may_go_to(self, address: str) -> bool:
        if self.rules.allow_private_targets and is_local(address):
            return is_loopback(address) or address not in self.rules.own_addresses
        return is_public(address) and address not in self.rules.own_addresses


def parse_callback_url(text: str, rules: EgressRules) -> Target:
    """Take a callback URL apart by the rules of this installation, or raise BadTarget."""
    if len(text) > URL_CHARACTERS_MAX:
        raise BadTarget(f"the callback URL has more than {URL_CHARACTERS_MAX} characters")
    if _PRINTABLE.fullmatch(text) is None:
        raise BadTarget(
            "the callback URL has a blank, a control character or a letter outside ASCII; "
            "write names with such letters in their xn-- form"
        )
    if "\\" in text or "#" in text:
        raise BadTarget("the callback URL must have neither a backslash nor a # part")
    scheme, separator, rest = text.partition("://")
    if not separator or scheme not in _DEFAULT_PORT:
        raise BadTarget("the callback URL must begin with https:// in small letters")
    authority, path = _split_path(rest)
    host, port = _split_authority(authority, _DEFAULT_PORT[scheme])
    target = Target(scheme=scheme, host=host, port=port, path_and_query=path)
    fault = target_fault(target, rules)
    if fault is not None:
        raise BadTarget(fault)
    return target


def _split_path(rest: str) -> tuple[str, str]:
    end = min((at for at in (rest.find("/"), rest.find("?")) if at >= 0), default=len(rest))
    path = rest[end:]
    return rest[:end], path if path.startswith("/") else f"/{path}"


def _split_authority(authority: str, default_port: int) -> tuple[str, int]:
    if "@" in authority:
        raise BadTarget("the callback URL must not have a user name or password before the host")
    host, separator, port_text = authority, "", ""
    if authority.startswith("["):
        host, separator, after = authority[1:].partition("]")
        if not separator or (after and not after.startswith(":")):
            raise BadTarget("the brackets in the callback URL do not enclose an address")
        separator, port_text = after[:1], after[1:]
        if not isinstance(parse_address(host), IPv6Address):
            raise BadTarget("the brackets in the callback URL do not enclose an address")
    else:
        host, separator, port_text = authority.partition(":")
    if not separator:
        return _plain_host(host), default_port
    if _PORT.fullmatch(port_text) is None:
        raise BadTarget("the port of the callback URL must be a plain number from 1 to 65535")
    return _plain_host(host), int(port_text)


def _plain_host(host: str) -> str:
    lowered = host.lower()
    return lowered[:-1] if lowered.endswith(".") and len(lowered) > 1 else lowered


def target_fault(target: Target, rules: EgressRules) -> str | None:
    """Say in one sentence why a callback may not go to this target, or None."""
    return (
        _scheme_fault(target, rules)
        or _port_fault(target, rules)
        or _host_fault(target.host, rules)
        or _path_fault(target.path_and_query)
    )


def _scheme_fault(target: Target, rules: EgressRules) -> str | None:
    if target.scheme == "https":
        return None
    if target.scheme == "http" and (rules.allow_http or rules.allow_private_targets):
        return None
    return "the callback URL must begin with https://; this installation allows nothing else"


def _port_fault(target: Target, rules: EgressRules) -> str | None:
    if not 1 <= target.port <= _PORT_MAX:
        return "the port of the callback URL must be a plain number from 1 to 65535"
    if rules.allow_private_targets or target.port in rules.allowed_ports:
        return None
    if target.port == _DEFAULT_PORT[target.scheme]:
        return None
    return f"port {target.port} is not allowed for callbacks; use 443"


def _host_fault(host: str, rules: EgressRules) -> str | None:
    if rules.allow_private_targets and (is_local(host) or host == "localhost"):
        return None
    labels = host.split(".")
    if len(host) > HOST_CHARACTERS_MAX or any(_LABEL.fullmatch(label) is None for label in labels):
        return "the host of the callback URL must be a DNS name of letters, digits and hyphens"
    if _LAST_LABEL.fullmatch(labels[-1]) is None:
        return "the host of the callback URL must be a DNS name, not an address"
    if not rules.allow_private_targets and len(labels) == 1:
        return "the host of the callback URL must be a full DNS name with a dot"
    if not rules.allow_private_targets and any(_is_under(host, end) for end in _LOCAL_SUFFIXES):
        return "the host of the callback URL is a name of local networks"
    if any(_is_under(host, own.lower()) for own in rules.own_hosts):
        return "the host of the callback URL is the hub itself"
    return None


def _is_under(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _path_fault(path: str) -> str | None:
    if len(path) <= URL_CHARACTERS_MAX and _PATH.fullmatch(path) is not None:
        return None
    return "the path of the callback URL has a character that must be written as %XX"
