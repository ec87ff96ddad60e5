"""What a studio needs to play: its company and habits, seats at the games, doors to the hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Seat:
    """A player in a session. ``exponent`` are the decimals of the agent's currency."""

    agent_id: int
    gplay_id: int
    session: str = field(repr=False)
    exponent: int


class Doors(Protocol):
    """The way to the hub's nodes."""

    async def call(
        self, node: int | None, path: str, body: bytes, token: str
    ) -> tuple[int, bytes] | None:
        """Give status and body; None: timed out, refused, or the answer was lost."""


class Sessions(Protocol):
    """Who plays."""

    def seats(self, provider_id: int) -> Sequence[Seat]:
        """Give the open sessions of a provider's games."""

    async def renew(self, seat: Seat) -> Seat:
        """End this session as staff may, and open another one for the same player."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a studio plays; shares are between 0 and 1.

    ``lanes`` rounds are under way at once, on ``nodes`` nodes. ``parallel``: calls that go to
    several nodes at once. ``conflicts``: ids used again for something else. ``cancels``: rounds
    that are taken back, ``cancels_first`` before the bet, ``cancels_paid`` after their win.
    ``prizes``: wins without a bet, for providers that may. ``dares``: wins of bets that failed.
    ``gives_up``: transactions it stops asking about early. ``breaks_off``: rounds whose session
    ends before the win. ``patience``: how often it asks at most, ``pause_seconds`` lie between two
    questions.
    """

    lanes: int = 4
    nodes: int = 1
    parallel: float = 0.0
    conflicts: float = 0.0
    cancels: float = 0.15
    cancels_first: float = 0.02
    cancels_paid: float = 0.02
    prizes: float = 0.0
    dares: float = 0.05
    gives_up: float = 0.0
    breaks_off: float = 0.02
    thinking_seconds: tuple[float, float] = (0.05, 2.0)
    pause_seconds: tuple[float, float] = (1.0, 5.0)
    patience: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """Whose servers they are: the provider's number and token, and its habits."""

    provider_id: int
    token: str = field(repr=False)
    habits: Habits
