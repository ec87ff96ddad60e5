"""What an adapter is: it translates one supplier's dialect to the neutral records and back.

It knows no journal, no agent and no clock, and never raises for anything a supplier can send.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from meganodes.domain.asked import Answer, Asked, FieldFault


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRequest:
    """The request cannot be understood; every bad field is listed, at least one."""

    faults: tuple[FieldFault, ...]


class Adapter(Protocol):
    """One supplier's protocol."""

    @property
    def name(self) -> str:
        """Short name for settings, logs and pages, such as `house`."""

    @property
    def description(self) -> str:
        """One sentence for people."""

    @property
    def path_prefix(self) -> str:
        """Where the supplier calls: a path that ends in a slash, the command follows."""

    @property
    def commands(self) -> frozenset[str]:
        """What may follow the prefix."""

    @property
    def owed_commands(self) -> frozenset[str]:
        """Commands about money that is owed already; they still get in when the door is crowded."""

    def parse(self, command: str, body: bytes) -> Asked | BadRequest:
        """Read the body of one of `commands`; total: any bytes give one or the other."""

    def render(self, command: str, answer: Answer) -> bytes:
        """Write the answer in the supplier's dialect, refusals of the door included."""
