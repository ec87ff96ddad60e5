"""What the address book knows, as frozen records: agents, providers, games, users, sessions.

A record is a value of one moment; a change makes a new one. No record holds a balance or personal
data (contract 1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from enum import IntEnum, StrEnum
from typing import NamedTuple, TypedDict

from meganodes.kit.secrets import Secret
from meganodes.protocol.commands import Category, Revision
from meganodes.protocol.currency import Currency
from meganodes.protocol.replies import Permissions


def field_values(record: NewAgent | NewProvider) -> dict[str, object]:
    """Return the fields by name, as they are (unlike `asdict`, which copies deeply)."""
    return {each.name: getattr(record, each.name) for each in fields(record)}


class AgentState(StrEnum):
    """How far an agent may go (contract 1). Recorded wins and cancels are delivered in each."""

    UNAPPROVED = "unapproved"
    """Set up and testing: no real launch, no bets."""
    APPROVED = "approved"
    """In business."""
    SUSPENDED = "suspended"
    """Stopped by staff: may read its own lists, nothing else."""


class Status(IntEnum):
    """Whether a provider or a game can be played, with the numbers of the wire (contract 2.2)."""

    NORMAL = 1
    MAINTENANCE = 2


class TokenKind(StrEnum):
    """The credentials that can be reissued."""

    API = "api"
    """The agent's servers present it to the Main API."""
    CALLBACK = "callback"
    """The hub presents it to the agent's backend."""
    SIGNING = "signing"
    """The hub signs callbacks with it."""
    PROVIDER = "provider"
    """The provider's servers present it to the Provider API."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """One casino: one currency, one backend, its place in the tree.

    ``callback_token`` and ``signing_secrets`` (newest first, raw key bytes) are those in force at
    the moment of the look-up. ``allow_list`` guards the Main API; empty means no restriction.
    ``tombstones_shown``: certification showed that the backend refuses a bet that was cancelled
    before it came. ``in_flight_max`` None means the hub's default.
    ``retry`` holds what differs from the installation's retry schedule (contract 3.4).
    """

    agent_id: int
    name: str
    parent_id: int | None
    state: AgentState
    currency: Currency
    time_zone: str
    revision: Revision
    callback_url: str
    callback_token: Secret
    signing_secrets: tuple[Secret, ...]
    allow_list: tuple[str, ...]
    overdraft_allowed: bool
    tombstones_shown: bool
    in_flight_max: int | None
    retry: Mapping[str, object]
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A time [``from_ms``, ``to_ms``) of maintenance; without ``to_ms`` until it is ended.

    Of one game, or of all games of the provider where ``game_code`` is None.
    """

    window_id: int
    provider_id: int
    game_code: str | None
    from_ms: int
    to_ms: int | None
    reason: str | None = None

    def has(self, now_ms: int) -> bool:
        """Tell whether this moment is inside."""
        return self.from_ms <= now_ms and not self.is_over(now_ms)

    def is_over(self, now_ms: int) -> bool:
        """Tell whether it has ended by this moment."""
        return self.to_ms is not None and self.to_ms <= now_ms


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A company whose games are carried. Empty ``currencies`` means all of them (contract 4).

    ``status`` is what was set by a person or a file and ``windows`` what is planned besides: ask
    `maintenance.status_at` what holds at a moment.
    """

    provider_id: int
    name: str
    names: Mapping[str, str]
    status: Status
    currencies: tuple[str, ...]
    launch_url: str
    replay_url: str | None
    wins_without_bet: bool
    cancel_after_win: bool
    allow_list: tuple[str, ...]
    windows: tuple[Window, ...] = ()
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """One title; codes repeat across providers. ``reg_date`` is `YYYY-MM-DDTHH:MM:SSZ`.

    An empty ``reg_date`` is for imports: it stays what it was, or becomes the day of the import.
    ``status`` and ``windows`` are as of a provider.
    """

    provider_id: int
    game_code: str
    name: str
    names: Mapping[str, str] = field(default_factory=dict)
    category: Category
    sub_category: str = ""
    image: str = ""
    image_narrow: str = ""
    launch_enable: bool = True
    status: Status = Status.NORMAL
    windows: tuple[Window, ...] = ()
    reg_date: str


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A player as the hub knows it; ``last_seen_ms`` is the latest launch."""

    agent_id: int
    user_code: int
    name: str
    blocked: bool
    first_seen_ms: int
    last_seen_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One launch of a game by a user, opened.

    ``language`` and ``country`` are what the newest authenticate said; they live in memory only
    (contract 3.2), so None after a restart or on another node. ``last_call_at_ms`` is exact to a
    second.
    """

    gplay_id: int
    agent_id: int
    user_code: int
    account: str
    provider_id: int
    game_code: str
    language: str | None
    country: str | None
    permissions: Permissions | None
    opened_at_ms: int
    last_call_at_ms: int
    ended_at_ms: int | None
    return_url: str
    lang: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """A game-url that was given out and waits to be opened."""

    agent_id: int
    user_code: int
    account: str
    provider_id: int
    game_code: str
    lang: int
    return_url: str
    permissions: Permissions | None
    language: str | None
    country: str | None
    created_at_ms: int


class OpenedLaunch(NamedTuple):
    """The session that an opening created, and its token, which is shown this one time."""

    session: Session
    token: Secret


class LaunchFaultReason(StrEnum):
    """Why a launch link does not open."""

    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchFault:
    """A launch link that does not open; ``return_url`` and ``lang`` where the link is known."""

    reason: LaunchFaultReason
    return_url: str | None = None
    lang: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who changes something: ``source`` is the way in (cli, office, demo), ``name`` the person."""

    source: str
    name: str


SYSTEM = Actor(source="system", name="hub")


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAgent:
    """An agent to be set up. ``currency`` is a code like EUR and is set once (contract 1)."""

    name: str
    currency: str
    callback_url: str
    revision: Revision = Revision.GUID
    parent: str | None = None
    time_zone: str = "UTC"
    allow_list: tuple[str, ...] = ()
    overdraft_allowed: bool = False
    in_flight_max: int | None = None
    retry: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentCredentials:
    """What a new agent needs, shown once. ``signing_secret`` is in its `whsec_` text form."""

    agent_id: int
    api_token: Secret
    callback_token: Secret
    signing_secret: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProvider:
    """A provider to be set up; without ``provider_id`` the next free number is taken."""

    name: str
    launch_url: str
    provider_id: int | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    currencies: tuple[str, ...] = ()
    replay_url: str | None = None
    wins_without_bet: bool = False
    cancel_after_win: bool = False
    allow_list: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderCredentials:
    """What a new provider needs, shown once."""

    provider_id: int
    provider_token: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class NewWindow:
    """Maintenance to be planned; without ``from_ms`` it begins now, without ``to_ms`` it lasts."""

    provider_id: int
    game_code: str | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    reason: str | None = None


class ProviderFields(TypedDict, total=False):
    """What a catalogue may say of a provider besides its games; what it leaves out stays."""

    name: str
    names: Mapping[str, str]
    status: Status
    currencies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueProvider:
    """What a catalogue says of a provider. ``games`` None: nothing of its games, none is pruned."""

    provider_id: int
    fields: ProviderFields = field(default_factory=ProviderFields)
    games: tuple[Game, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What an import did, in numbers; ``disabled`` games were taken out of launch by pruning."""

    providers: int
    providers_changed: int
    added: int
    changed: int
    unchanged: int
    disabled: int
