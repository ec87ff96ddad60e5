"""The numbers of an agent's list as the agent sees them, which a restored backup makes jump.

In the journal positions are 1, 2, 3, ... without a hole. After a restore they go on where the
backup ended, though readers have seen higher ones; so from there on the number that goes out is the
position and whatever was passed over (docs/operating/backup.md). Without a restore they are equal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSkip:
    """After this position of an agent's list so many numbers are passed over."""

    agent_id: int
    after_position: int
    skipped: int


class ListNumbers:
    """Translates between positions and numbers; neither ever goes back against the other."""

    def __init__(self, skips: Iterable[ListSkip] = ()) -> None:
        """Take what was passed over, in any order."""
        self._skips: defaultdict[int, list[ListSkip]] = defaultdict(list)
        for skip in sorted(skips, key=lambda each: each.after_position):
            self._skips[skip.agent_id].append(skip)

    def number(self, agent_id: int, position: int) -> int:
        """Give the number that goes out for a position."""
        skips = self._skips.get(agent_id, ())
        return position + sum(skip.skipped for skip in skips if skip.after_position < position)

    def position(self, agent_id: int, number: int) -> int:
        """Give the last position whose number is not above this one: where a reader goes on."""
        position = number
        for skip in self._skips.get(agent_id, ()):
            if position <= skip.after_position:
                break
            position = max(position - skip.skipped, skip.after_position)
        return position
