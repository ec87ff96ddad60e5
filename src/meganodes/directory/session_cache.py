"""Sessions in memory: bounded, found by token hash or number, with their last call kept exact.

An entry is trusted for ten minutes after the last call or read; afterwards the database is asked,
because another node may have served the session meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from meganodes.directory.cache import LruCache
from meganodes.directory.records import Session

TRUSTED_MS = 600_000
CALL_PRECISION_MS = 1_000


@dataclass(slots=True)
class _Held:
    session: Session
    read_at_ms: int
    trusted: bool = True


class SessionCache:
    """The sessions this node has at hand, and the last calls that are not written yet."""

    def __init__(self, capacity: int) -> None:
        """Hold at most so many sessions."""
        self._held: LruCache[bytes, _Held] = LruCache(capacity)
        self._hash_of: dict[int, bytes] = {}
        self._unwritten: dict[int, int] = {}

    def __len__(self) -> int:
        """Return how many sessions are held."""
        return len(self._held)

    def get(self, token_hash: bytes, now_ms: int) -> Session | None:
        """Return the session, unless it is not held or held for too long without a call."""
        held = self._held.get(token_hash)
        if held is None or not held.trusted:
            return None
        known_ms = max(held.session.last_call_at_ms, held.read_at_ms)
        return held.session if now_ms - known_ms < TRUSTED_MS else None

    def put(self, token_hash: bytes, session: Session, now_ms: int) -> Session:
        """Hold what was read or created; return it with what only this node knows of it."""
        known = self._held.get(token_hash)
        language, country = session.language, session.country
        if known is not None and language is None and country is None:
            language, country = known.session.language, known.session.country
        # What is being written just now is no longer unwritten, and not yet in what was read.
        last_call_at_ms = max(
            session.last_call_at_ms,
            self._unwritten.get(session.gplay_id, 0),
            known.session.last_call_at_ms if known is not None else 0,
        )
        merged = replace(
            session, language=language, country=country, last_call_at_ms=last_call_at_ms
        )
        evicted = self._held.put(token_hash, _Held(merged, now_ms))
        self._hash_of[session.gplay_id] = token_hash
        if evicted is not None:
            del self._hash_of[evicted[1].session.gplay_id]
        return merged

    def touch(self, gplay_id: int, now_ms: int) -> None:
        """Note a call, to the second."""
        held = self._held_by_number(gplay_id)
        if held is not None and now_ms - held.session.last_call_at_ms >= CALL_PRECISION_MS:
            held.session = replace(held.session, last_call_at_ms=now_ms)
            self._unwritten[gplay_id] = now_ms

    def by_number(self, gplay_id: int) -> Session | None:
        """Return the session of a number, if it is held."""
        held = self._held_by_number(gplay_id)
        return held.session if held is not None else None

    def update(self, session: Session) -> None:
        """Put a changed record in the place of the held one, if it is held."""
        held = self._held_by_number(session.gplay_id)
        if held is not None:
            held.session = session

    def distrust(self, gplay_id: int) -> None:
        """Have the session read again before it is next used."""
        held = self._held_by_number(gplay_id)
        if held is not None:
            held.trusted = False

    def distrust_all(self) -> None:
        """Have every session read again before it is next used."""
        for held in self._held.values():
            held.trusted = False

    def take_unwritten(self) -> dict[int, int]:
        """Return the last calls to be written, by session, and count them as written."""
        unwritten, self._unwritten = self._unwritten, {}
        return unwritten

    def give_back(self, unwritten: dict[int, int]) -> None:
        """Take last calls back that could not be written."""
        for gplay_id, at_ms in unwritten.items():
            self._unwritten[gplay_id] = max(at_ms, self._unwritten.get(gplay_id, at_ms))

    def _held_by_number(self, gplay_id: int) -> _Held | None:
        token_hash = self._hash_of.get(gplay_id)
        return None if token_hash is None else self._held.peek(token_hash)
