"""Passwords of staff: argon2id, at most two at once, and never the ones everybody tries first.

A hash costs memory and time on purpose; two at once in threads of their own leave the event loop
and the bets alone (reliability 3.10, S4, S5).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from meganodes.kit.secrets import Secret

CHARACTERS_MIN: Final = 8
CHARACTERS_ADVISED: Final = 15
CHARACTERS_MAX: Final = 128
_COMMON_MAX: Final = 10_000
_CONTEXT_CHARACTERS_MIN: Final = 4
_AT_ONCE: Final = 2
MEMORY_KIB: Final = 47_104
_HASHER: Final = PasswordHasher(time_cost=1, memory_cost=MEMORY_KIB, parallelism=1)
NOBODYS: Final = f"$argon2id$v=19$m={MEMORY_KIB},t=1,p=1${'A' * 22}${'A' * 43}"
"""Stands in for the hash of an account that does not exist: checking it costs what any other does.

Written out: hashing something for it would make the first unknown account take twice as long.
"""


class Passwords:
    """Hashes and checks passwords off the event loop."""

    def __init__(self, hasher: PasswordHasher = _HASHER) -> None:
        """Start no thread yet."""
        self._hasher = hasher
        self._threads = ThreadPoolExecutor(_AT_ONCE, "password")

    async def hashed(self, password: Secret) -> str:
        """Return what is stored in place of a password."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._hasher.hash, password.reveal())

    async def matches(self, stored: str | None, password: Secret) -> bool:
        """Say whether this is the password; without a stored one it takes as long and is False."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._matches, stored, password)

    def close(self) -> None:
        """End the threads after what they are doing."""
        self._threads.shutdown()

    def _matches(self, stored: str | None, password: Secret) -> bool:
        try:
            right = self._hasher.verify(stored or NOBODYS, password.reveal())
        except (VerificationError, InvalidHashError):
            return False
        return right and stored is not None


def is_outdated(stored: str) -> bool:
    """Say whether a hash was made with weaker parameters than today's."""
    return _HASHER.check_needs_rehash(stored)


def password_fault(password: Secret, context: Sequence[str]) -> str | None:
    """Say what is wrong with a new password, None when it is good enough.

    ``context`` are words an attacker would try for this person: the address, the company.
    """
    text = password.reveal()
    folded = text.lower()
    if len(text) < CHARACTERS_MIN:
        return (
            f"The password must have at least {CHARACTERS_MIN} characters; "
            f"{CHARACTERS_ADVISED} or more are better."
        )
    if len(text) > CHARACTERS_MAX:
        return f"The password must have at most {CHARACTERS_MAX} characters."
    if folded in _common() or len(set(folded)) <= 2:  # noqa: PLR2004 - one or two letters repeated
        return "This password is one of those that everybody tries first: choose another."
    words = (word.lower() for word in context if len(word) >= _CONTEXT_CHARACTERS_MIN)
    if any(word in folded for word in words):
        return "The password must not contain your address, your company or the name of this hub."
    return None


@cache
def _common() -> frozenset[str]:
    from zxcvbn.frequency_lists import (  # type: ignore[import-untyped]  # noqa: PLC0415 - large
        FREQUENCY_LISTS,
    )

    return frozenset(list(FREQUENCY_LISTS["passwords"])[:_COMMON_MAX])
