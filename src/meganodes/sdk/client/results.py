"""What the Main API's calls give back: frozen records, amounts in minor units (contract 2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from meganodes.protocol.commands import TransType

T = TypeVar("T")


class GameKey(NamedTuple):
    """What names a game: codes repeat across providers."""

    provider_id: int
    game_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAgent:
    """The calling agent. ``client_ip`` is the caller's address as the hub sees it."""

    name: str
    currency_code: str
    state: str
    allow_list: tuple[str, ...]
    client_ip: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackTest:
    """What the hub saw of the agent's backend. ``reply`` is "well-formed", or what is wrong."""

    callback_url: str
    time: str
    reachable: bool
    http_status: int | None
    token_checked: bool
    reply: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatedUser:
    """The user of a name; ``is_new`` False: it was known before."""

    user_code: int
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UserBalance:
    """A user, with the balance that the agent's own backend told just now."""

    name: str
    balance_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider assigned to the agent."""

    provider_id: int
    name: str
    local_name: str
    in_maintenance: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Game:
    """A game. ``category`` is Slots, Live or mini; ``can_launch`` False: leave it out."""

    provider_id: int
    game_code: str
    name: str
    local_name: str
    image: str
    image_narrow: str
    can_launch: bool
    category: str
    sub_category: str

    @property
    def key(self) -> GameKey:
        """What `game_url` wants to know of it."""
        return GameKey(self.provider_id, self.game_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineGame:
    """A session of the last 30 minutes. ``category``: 1 slot, 2 live, 3 all else."""

    gplay_id: int
    user_code: int
    user_name: str
    provider_id: int
    game_code: str
    category: int
    last_round_bet_minor: int
    bet_minor: int
    win_minor: int
    started: str
    last_update: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A settled transaction. ``position`` is its place in the agent's list (`trans_id`).

    ``callback_id`` is the id that the backend was given: `trans_guid`, or `callback_trans_id` as
    text. Both balances are None when the backend told none.
    """

    position: int
    kind: TransType
    callback_id: str
    cancelled_id: str | None
    user_code: int
    round_id: str
    provider_id: int
    game_code: str
    amount_minor: int
    balance_before_minor: int | None
    balance_minor: int | None
    currency_code: str
    listed_at_ms: int
    created_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What was staked (less what was cancelled) and won, by kind of game."""

    slot_bet_minor: int
    slot_win_minor: int
    live_bet_minor: int
    live_win_minor: int
    mini_bet_minor: int
    mini_win_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UserSums:
    """A user's sums."""

    user_code: int
    user_name: str
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class GameSums:
    """A game's sums."""

    provider_id: int
    game_code: str
    category: str
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySums:
    """The sums of a day (`YYYY-MM-DD`) in the agent's time zone."""

    day: str
    sums: Sums


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Items of a report behind ``offset``; the window has ``total`` of them."""

    total: int
    offset: int
    items: tuple[T, ...]
