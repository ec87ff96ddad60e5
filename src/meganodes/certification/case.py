"""A case of the certification, and what is found when it runs.

A case quotes one rule of the contract and tries one thing. When the backend does something else, a
`Finding` says in plain words what was expected, what came, which mistake is likely and the mend.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from meganodes.certification.transport import Answer, NoAnswer, Request
from meganodes.protocol.commands import Command, Revision

if TYPE_CHECKING:
    from meganodes.certification.bench import Bench


class Section(StrEnum):
    """What a case is about, in the order in which the sections run."""

    TRANSPORT = "transport"
    TOKEN = "token"
    AUTHENTICATE = "authenticate"
    BALANCE = "balance"
    BET = "bet"
    WIN = "win"
    CANCEL = "cancel"
    STATUS = "status"
    DUPLICATES = "duplicates"
    RACES = "races"
    REORDERING = "reordering"
    AMOUNTS = "amounts"
    HOSTILE = "hostile"
    TIMING = "timing"


class Verdict(StrEnum):
    """What became of a case."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_JUDGED = "not_judged"
    """A case that it stands on did not pass, so that its own outcome would mean nothing."""
    NOT_APPLICABLE = "not_applicable"
    """The backend, the revision or the options of this run give nothing to try."""


BOTH_REVISIONS: Final = frozenset(Revision)


@dataclass(frozen=True, slots=True)
class Rule:
    """What the contract says, in its words, and where."""

    words: str
    source: str
    """Such as `contract 3.2`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing that a backend must do."""

    id: str
    """Section, number and name, such as `bet-03-repeated`. It never changes its meaning."""
    section: Section
    title: str
    """What a right backend does, as a sentence without a full stop."""
    rule: Rule
    run: Callable[["Bench"], Awaitable[None]]
    needs: tuple[str, ...] = ()
    """Ids of the cases that must have passed: without them this one says nothing."""
    revisions: frozenset[Revision] = BOTH_REVISIONS
    money: bool = False
    """Whether a failure means that money may be lost, made or booked twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One callback of a case: the bytes both ways, and what a hub reads in them."""

    title: str
    command: Command | None
    """None for bytes that are no callback."""
    request: Request
    """As it was sent; the callback token and the signature are masked."""
    answer: Answer | NoAnswer
    started_ms: int
    reading: str
    """What the hub reads in the answer, as a sentence."""
    notes: tuple[str, ...] = ()
    """Oddities that the hub tolerates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Why a case failed, for the person who has to mend it. All four are sentences."""

    expected: str
    came: str
    mistake: str
    """What is probably wrong in the backend."""
    mend: str
    step: int | None = None
    """Number of the step that shows it, counted from 1."""


class CaseFailed(Exception):
    """Ends a case: the backend broke its rule."""

    def __init__(self, finding: Finding) -> None:
        """Keep what was found."""
        super().__init__(finding.came)
        self.finding = finding


class NotJudged(Exception):
    """Ends a case that cannot be tried as things are, though it should be; `reason` says why."""

    def __init__(self, reason: str) -> None:
        """Keep the sentence."""
        super().__init__(reason)
        self.reason = reason


class NotApplicable(Exception):
    """Ends a case that has nothing to try here; `reason` is a sentence that says what it needs."""

    def __init__(self, reason: str) -> None:
        """Keep the sentence."""
        super().__init__(reason)
        self.reason = reason
