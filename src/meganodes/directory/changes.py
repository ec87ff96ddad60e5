"""How every node learns of a change: one version number, and what changed at each of its values.

The version row is locked by whoever changes something until the commit, so numbers appear in commit
order and a reader that goes on from the last number it saw misses nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import delete, select, update

from meganodes.directory.tables import changes, directory_version, sequences
from meganodes.kit.database import ReadConnection, WriteConnection


class Subject(StrEnum):
    """What a change is about."""

    AGENT = "agent"
    PROVIDER = "provider"
    USER = "user"
    SESSION = "session"
    STAFF = "staff"
    INSTALLATION = "installation"


@dataclass(frozen=True, slots=True)
class Change:
    """One change: the version it made and what it touched."""

    version: int
    subject: Subject
    subject_id: int


def lock_version(connection: WriteConnection) -> None:
    """Wait for every other change under way, and keep later ones waiting until the commit."""
    connection.execute(update(directory_version).values(version=directory_version.c.version))


def record_change(
    connection: WriteConnection, subject: Subject, subject_id: int, at_ms: int
) -> int:
    """Raise the version, note what changed, and return the new version."""
    raised = update(directory_version).values(version=directory_version.c.version + 1)
    version: int = connection.execute(raised.returning(directory_version.c.version)).scalar_one()
    connection.execute(
        changes.insert().values(
            version=version, subject=subject, subject_id=subject_id, at_ms=at_ms
        )
    )
    return version


def current_version(connection: ReadConnection) -> int:
    """Return the version of the newest change; 0 when nothing has changed yet."""
    return int(connection.select(select(directory_version.c.version)).scalar_one())


def changes_after(connection: ReadConnection, version: int) -> list[Change]:
    """Return the changes made after this version, oldest first."""
    statement = (
        select(changes.c.version, changes.c.subject, changes.c.subject_id)
        .where(changes.c.version > version)
        .order_by(changes.c.version)
    )
    return [
        Change(version, Subject(subject), subject_id)
        for version, subject, subject_id in connection.select(statement)
    ]


def forget_changes(connection: WriteConnection, before_ms: int) -> None:
    """Delete old notes; a node that has slept longer loads everything anew."""
    connection.execute(delete(changes).where(changes.c.at_ms < before_ms))


def next_number(connection: WriteConnection, sequence: str) -> int:
    """Take the next number of a sequence; it is never given out twice (contract 2.2)."""
    raised = (
        update(sequences)
        .where(sequences.c.name == sequence)
        .values(last_number=sequences.c.last_number + 1)
        .returning(sequences.c.last_number)
    )
    number: int = connection.execute(raised).scalar_one()
    return number
