"""What came back for one callback, as a case looks at it."""

from dataclasses import dataclass

from meganodes.certification.mistakes.record import Diagnosis
from meganodes.certification.transport import Answer, NoAnswer
from meganodes.protocol.commands import DEADLINE_SECONDS, Command
from meganodes.protocol.money import format_amount
from meganodes.protocol.reply_records import Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """An answer beside the callback that it answers."""

    step: int
    """Number of the step in the case, counted from 1."""
    title: str
    command: Command
    exponent: int
    answer: Answer | NoAnswer
    reply: Reply | None
    """None when no HTTP response came."""
    diagnosis: Diagnosis | None = None
    """The gravest thing that is wrong with the reply."""

    @property
    def is_late(self) -> bool:
        """Whether the hub would have stopped waiting before it came."""
        return self.answer.duration_seconds > DEADLINE_SECONDS[self.command]

    @property
    def trouble(self) -> str | None:
        """Why a hub makes nothing of it, as a sentence; None when it is a well-formed reply."""
        if isinstance(self.answer, NoAnswer):
            return self.answer.sentence
        if self.is_late:
            return (
                f"The reply came after {self.answer.duration_seconds:.1f} s; the hub waits "
                f"{DEADLINE_SECONDS[self.command]:.0f} s for {self.command}."
            )
        assert self.reply is not None, "an HTTP response was read"
        if self.reply.malformed is not None:
            return f"The hub cannot read the reply: {self.reply.malformed}."
        return None

    @property
    def result(self) -> int | None:
        """The backend's result; None when the hub makes nothing of the answer."""
        return self.reply.result if self.reply is not None and self.trouble is None else None

    @property
    def balance_minor(self) -> int | None:
        """The balance that it tells, where it can be believed."""
        return self.reply.balance_minor if self.result is not None and self.reply else None

    @property
    def reading(self) -> str:
        """What a hub reads in it, as a sentence."""
        if self.trouble is not None or self.reply is None:
            return self.trouble or ""
        told = [f"result {self.reply.result}"]
        if self.reply.balance_minor is not None:
            told.append(f"balance {format_amount(self.reply.balance_minor, self.exponent)}")
        if self.reply.trans_status is not None:
            told.append(f"trans_status {self.reply.trans_status}")
        return f"The reply says {', '.join(told)}."
