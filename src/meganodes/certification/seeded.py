"""Ids that nobody has seen, made from a seed: the same run again sends the same bytes.

The time of the start goes into them too, for a backend keeps ids for ever and must meet new ones
at the next run.
"""

from hashlib import sha256
from itertools import count
from typing import Final

_NUMBER_BITS: Final = 52
"""Numbers have this bit set. A hub's own `trans_id` reaches it in thirty years at the soonest, so
that an id of a certification is never one of a game."""
_COUNT_BITS: Final = 12


class Seeded:
    """Gives fresh ids and chances, one after the other."""

    def __init__(self, seed: int, started_ms: int) -> None:
        self._root = b"certification:%d:%d" % (seed, started_ms)
        self._count = count(1)
        self._numbers = count(1)
        digest = sha256(self._root).digest()
        self._number_of_run = int.from_bytes(digest) >> (256 - _NUMBER_BITS + _COUNT_BITS)

    def guid(self) -> str:
        """Give a new `trans_guid` of the hub's form."""
        return "mn-" + self._digest().hex()[:40]

    def number(self) -> int:
        """Give a new `trans_id`, positive and below 2^53."""
        own = next(self._numbers)
        assert own < 1 << _COUNT_BITS, "a run has a few hundred transactions"
        return 1 << _NUMBER_BITS | self._number_of_run << _COUNT_BITS | own

    def word(self, length: int) -> str:
        """Give hex digits that were not given before, at most 64."""
        return self._digest().hex()[:length]

    def between(self, least: int, most: int) -> int:
        """Give a number of the range, both ends included."""
        return least + int.from_bytes(self._digest()) % (most - least + 1)

    def _digest(self) -> bytes:
        return sha256(self._root + b":%d" % next(self._count)).digest()
