"""What operators do differently: the capability flags of reliability 2.9, every combination."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

_CHOICES: dict[str, tuple[object, ...]] = {
    "duplicates": (0, 41, 99),
    "tombstones": (True, False),
    "unknown_cancel": ("not seen", "credited", "ok"),
    "remembers_refused": (True, False),
    "status": ("truthful", "always unknown", "always ok"),
    "pays_locked": (True, False),
    "survives_restarts": (True, False),
    "short_of_money": (False, True),
}
PERSONALITIES = prod(len(choices) for choices in _CHOICES.values())
"""How many there are."""

_STRIDE = 331
"""Prime to their number: neighbours differ in many ways, and nobody is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Personality:
    """One operator's ways. The defaults are those of a good one.

    ``duplicates``: the result for an id that was booked before (99: it fails each time).
    ``tombstones``: a bet after its cancel is not booked. ``unknown_cancel``: what a cancel of a bet
    it does not know brings (``not seen`` is 43, 42 by number; ``credited`` pays; ``ok`` says 0 and
    does nothing). ``remembers_refused``: a refused id stays refused. ``status``: whether its status
    is true. ``pays_locked``: wins and cancels of a locked player are booked. ``survives_restarts``:
    it knows its ids afterwards. ``short_of_money``: its players often have too little.
    ``failing``: the share of requests that bring a 99 or a 5xx, booked before that or not.
    ``locking``: the share of bets after which a player is locked out for a while.
    """

    duplicates: int = 0
    tombstones: bool = True
    unknown_cancel: str = "not seen"
    remembers_refused: bool = True
    status: str = "truthful"
    pays_locked: bool = True
    survives_restarts: bool = True
    short_of_money: bool = False
    failing: float = 0.0
    locking: float = 0.0

    @classmethod
    def numbered(cls, number: int, *, failing: float = 0.0, locking: float = 0.08) -> Personality:
        """Give one of all combinations; ``number`` counts from 0 and goes round."""
        number = number * _STRIDE % PERSONALITIES
        chosen: dict[str, object] = {}
        for name, choices in _CHOICES.items():
            number, choice = divmod(number, len(choices))
            chosen[name] = choices[choice]
        return cls(failing=failing, locking=locking, **chosen)  # type: ignore[arg-type]

    @property
    def flags(self) -> frozenset[str]:
        """Name what makes it differ from a good operator, for the judges (`checkers`)."""
        told = {
            "duplicates fail": self.duplicates == 99,
            "no tombstones": not self.tombstones,
            f"unknown cancel {self.unknown_cancel}": self.unknown_cancel != "not seen",
            "forgets refused": not self.remembers_refused,
            f"status {self.status}": self.status != "truthful",
            "locked are not paid": not self.pays_locked,
            "forgets over restarts": not self.survives_restarts,
            "short of money": self.short_of_money,
        }
        return frozenset(name for name, holds in told.items() if holds)
