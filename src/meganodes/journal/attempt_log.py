"""What pages ask of the API log: which attempts, and how much of the log one look takes in.

The log only grows. A look goes through so many entries and no more, whatever it is looking for,
and says where the next one goes on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from meganodes.journal.store import AttemptRecord

FIRST_ID: Final = 0
PAST_ID: Final = 2**63 - 1
"""No attempt has a number as high."""


@dataclass(frozen=True, slots=True)
class RetiredBytes:
    """What is left of bytes that are gone: `seals.body_digest`, and how many there were."""

    digest: bytes
    request_bytes: int
    reply_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFilter:
    """Which of an agent's attempts: those with ``above`` < attempt_id < ``below``, newest first.

    "" and None leave open. ``not_accepted`` takes those whose outcome is anything but accepted;
    ``trans_id`` those of one transaction.
    """

    above: int = FIRST_ID
    below: int = PAST_ID
    not_accepted: bool = False
    command: str = ""
    outcome: str = ""
    http_status: int | None = None
    account: str = ""
    trans_id: int | None = None

    def fits(self, attempt: AttemptRecord) -> bool:
        """Say whether an attempt is wanted, its agent apart."""
        return (
            self.above < attempt.attempt_id < self.below
            and not (self.not_accepted and attempt.outcome == "accepted")
            and self.command in {"", attempt.command}
            and self.outcome in {"", attempt.outcome}
            and self.http_status in {None, attempt.http_status}
            and self.account in {"", attempt.account}
            and self.trans_id in {None, attempt.trans_id}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptGroup:
    """Attempts that were not accepted and are alike in all that says why.

    ``repeated``: they were not the first of their transaction. ``reason`` is the first of their
    faults, "" for none. ``sample_id`` is the newest attempt.
    """

    command: str
    repeated: bool
    outcome: str
    phase: str
    result: int | None
    http_status: int | None
    reason: str
    count: int
    first_at_ms: int
    last_at_ms: int
    sample_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptGroups:
    """What a look at the failures found. ``is_whole`` False: there are older ones besides."""

    groups: tuple[AttemptGroup, ...]
    is_whole: bool
