"""A bounded map that forgets what was used longest ago."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class LruCache(Generic[_K, _V]):
    """Holds at most ``capacity`` entries; a look-up makes its entry the youngest."""

    __slots__ = ("_capacity", "_entries")

    def __init__(self, capacity: int) -> None:
        assert capacity > 0, "a cache without room would read the database on every call"
        self._capacity = capacity
        self._entries: OrderedDict[_K, _V] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: _K) -> _V | None:
        """Return the entry, or None."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def peek(self, key: _K) -> _V | None:
        """Return the entry, or None, without making it younger."""
        return self._entries.get(key)

    def values(self) -> Iterable[_V]:
        """Return all entries, the oldest first."""
        return self._entries.values()

    def put(self, key: _K, value: _V) -> tuple[_K, _V] | None:
        """Keep an entry; return the one that had to go for it, if any."""
        self._entries[key] = value
        self._entries.move_to_end(key)
        if len(self._entries) <= self._capacity:
            return None
        return self._entries.popitem(last=False)

    def discard(self, key: _K) -> None:
        """Forget an entry, if it is there."""
        self._entries.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()
