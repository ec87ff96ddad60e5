"""The records around reading a reply: what was asked, what came, and what was made of it."""

from dataclasses import dataclass

from meganodes.protocol.commands import Command, Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Permissions:
    """What the backend allows the user for the session, each part optional (contract 3.2)."""

    play: bool | None = None
    max_bet_minor: int | None = None
    session_minutes: int | None = None
    reality_check_minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What the hub asked, as far as reading the reply depends on it."""

    command: Command
    revision: Revision
    account: str
    exponent: int
    """Decimals of the agent's currency."""
    overdraft_allowed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpReply:
    """A complete HTTP reply; the transport has kept it within the limits of size and time."""

    status: int
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One reading of a reply. Look at `malformed` first: nothing else counts unless it is None."""

    result: int
    """The agent's `result`, -1 when it could not be read; contract 3.5 shows it in the log."""
    malformed: str | None = None
    """None when well-formed, else one sentence that names the field, what came and the cure."""
    balance_minor: int | None = None
    """Balance the backend reported; None when it gave none, or none that can be trusted."""
    trans_status: str | None = None
    """`OK` or `CANCELED`, for a status command with result 0 only."""
    permissions: Permissions | None = None
    language: str | None = None
    country: str | None = None
    notes: tuple[str, ...] = ()
    """Oddities that were tolerated."""
    faults: tuple[str, ...] = ()
    """Faults of `data` alone, which leave a refusal a refusal and owed money delivered."""


class Reading:
    """A reply while it is being read: what was found so far."""

    __slots__ = (
        "balance_minor",
        "country",
        "faults",
        "language",
        "malformed",
        "notes",
        "permissions",
        "question",
        "result",
        "trans_status",
    )

    def __init__(self, question: Question) -> None:
        self.question = question
        self.result = -1
        self.malformed: str | None = None
        self.balance_minor: int | None = None
        self.trans_status: str | None = None
        self.permissions: Permissions | None = None
        self.language: str | None = None
        self.country: str | None = None
        self.notes: list[str] = []
        self.faults: list[str] = []

    def finished(self) -> Reply:
        """Give the reply; of a malformed one only what people need to see."""
        if self.malformed is not None:
            return Reply(
                result=self.result,
                malformed=self.malformed,
                notes=tuple(self.notes),
                faults=tuple(self.faults),
            )
        return Reply(
            result=self.result,
            balance_minor=None if self.faults else self.balance_minor,
            trans_status=self.trans_status,
            permissions=self.permissions,
            language=self.language,
            country=self.country,
            notes=tuple(self.notes),
            faults=tuple(self.faults),
        )
