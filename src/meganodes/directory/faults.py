"""Why the address book refuses a change: bad requests, each with the field and a sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldFault:
    """One field that cannot be taken, and the sentence that says why and what would do."""

    field: str
    sentence: str


class DirectoryFault(ValueError):
    """A change that cannot be made; ``faults`` lists every bad field at once, nothing was done."""

    def __init__(self, faults: Sequence[FieldFault]) -> None:
        """Take all faults that were found."""
        self.faults = tuple(faults)
        super().__init__("; ".join(fault.sentence for fault in self.faults))


class NameConflict(ValueError):
    """A new user's name differs from an existing one only in case (contract 2.2)."""

    def __init__(self, existing_name: str) -> None:
        """Name the user that is there already."""
        self.existing_name = existing_name
        super().__init__(f"the name differs only in case from the existing user {existing_name}")


def refuse_if_any(faults: Sequence[FieldFault]) -> None:
    """Raise DirectoryFault with all faults, if there are any."""
    if faults:
        raise DirectoryFault(faults)
