"""Refusals that security people want to see in the audit log, but never so many that they fill it.

Whoever is refused leaves a row of a kind once a minute, all together thirty a minute; a row says
how many of its kind were left out before it. The program's log has every one. The bounds hold for
each process by itself (S26).
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

WINDOW_SECONDS: Final = 60.0
ROWS_OF_A_KIND_MAX: Final = 30


class Refused(StrEnum):
    """What was refused; the verb of the audit row."""

    SIGN_IN = "sign-in-refused"
    CODE = "code-refused"
    CONFIRMATION = "confirmation-refused"
    TOO_MANY_TRIES = "too-many-tries"
    FORM = "foreign-form-refused"
    RIGHT = "right-missing"
    AGENT = "agent-out-of-sight"
    USED_TOO_OFTEN = "used-too-often"


JUDGED: Final = frozenset({Refused.SIGN_IN, Refused.CODE, Refused.CONFIRMATION})
"""Tries that were judged: few by themselves, so each of them leaves its row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One refusal; ``staff_id`` 0 and ``name`` "unknown": nobody who is known.

    ``details`` holds words of the hub alone (a route, a limit's name), never what was sent.
    """

    kind: Refused
    staff_id: int = 0
    name: str = "unknown"
    address: str
    details: Mapping[str, object] = field(default_factory=dict)


class RefusalRows:
    """Decides which refusals leave a row; moments are monotonic seconds."""

    def __init__(self) -> None:
        """Nobody was refused yet."""
        self._began: float | None = None
        self._seen: dict[Refused, set[Hashable]] = {}
        self._written: dict[Refused, int] = {}
        self._left_out: dict[Refused, int] = {}

    def admit(self, kind: Refused, who: Hashable, now: float) -> int | None:
        """Return how many of this kind were left out since its last row, None: leave this out too.

        What is remembered is as bounded as the rows are.
        """
        if self._began is None or now - self._began >= WINDOW_SECONDS:
            self._began = now
            self._seen.clear()
            self._written.clear()
        seen = self._seen.setdefault(kind, set())
        is_again = kind not in JUDGED and who in seen
        if is_again or self._written.get(kind, 0) >= ROWS_OF_A_KIND_MAX:
            self._left_out[kind] = self._left_out.get(kind, 0) + 1
            return None
        seen.add(who)
        self._written[kind] = self._written.get(kind, 0) + 1
        return self._left_out.pop(kind, 0)
