"""The audit log: who changed what, when, from what to what; append-only and chained.

Each row is written in the transaction of the change it tells of; its tag is `source:subject:verb`.
Secrets appear as fingerprints.
The database refuses to alter rows; should somebody manage to, the chain shows where (reliability
3.10, S26 and S27).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Self

from sqlalchemy import select

from meganodes.directory.changes import Subject, lock_version, record_change
from meganodes.directory.records import Actor
from meganodes.directory.tables import audit
from meganodes.kit.database import ReadConnection, WriteConnection
from meganodes.kit.secrets import MasterKey, Secret

CHAIN_ROWS = 3_000
"""So many rows are followed at a time: some tens of milliseconds."""

_FIRST_SEAL = b"\0" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What was done, and the values before and after; secrets stand there as fingerprints."""

    verb: str
    old: Mapping[str, object] = field(default_factory=dict)
    new: Mapping[str, object] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One row of the log, as stored."""

    version: int
    at_ms: int
    actor: str
    tag: str
    target: str
    old: str
    new: str
    reason: str | None
    seal: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """What following a stretch of the chain found.

    The rows after version ``after`` up to ``last`` fit; ``broken`` is the first that does not.
    ``is_end`` says that there is no row beyond. Whether ``after`` itself fits was not asked.
    """

    after: int
    last: int
    broken: int | None
    is_end: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One transaction that changes the address book: where, by whom, when, under which key."""

    connection: WriteConnection
    key: MasterKey
    actor: Actor
    at_ms: int

    @classmethod
    def begin(cls, connection: WriteConnection, key: MasterKey, actor: Actor, at_ms: int) -> Self:
        """Start: from here to the commit no other edit runs, on any node."""
        lock_version(connection)
        return cls(connection=connection, key=key, actor=actor, at_ms=at_ms)

    def note(self, subject: Subject, subject_id: int, action: Action) -> int:
        """Tell all nodes and the audit log what is done here; return the new version."""
        version = record_change(self.connection, subject, subject_id, self.at_ms)
        values: dict[str, object] = {
            "version": version,
            "at_ms": self.at_ms,
            "actor": self.actor.name,
            "tag": f"{self.actor.source}:{subject}:{action.verb}",
            "target": f"{subject}:{subject_id}",
            "old": _as_json(action.old),
            "new": _as_json(action.new),
            "reason": action.reason,
        }
        last_seal = select(audit.c.seal).order_by(audit.c.version.desc()).limit(1)
        previous = self.connection.select(last_seal).scalar_one_or_none() or _FIRST_SEAL
        self.connection.execute(audit.insert().values(**values, seal=_seal(previous, values)))
        return version


def audit_rows(connection: ReadConnection, limit: int) -> list[AuditRow]:
    """Return the newest rows, newest first."""
    statement = select(audit).order_by(audit.c.version.desc()).limit(limit)
    return [AuditRow(**row) for row in connection.select(statement).mappings()]


def follow_audit_chain(connection: ReadConnection, after: int, limit: int) -> Followed:
    """Follow the chain from the row after this version on, ``limit`` rows of it."""
    base = select(audit.c.version, audit.c.seal).where(audit.c.version <= after)
    found = connection.select(base.order_by(audit.c.version.desc()).limit(1)).first()
    first, previous = (found.version, found.seal) if found else (0, _FIRST_SEAL)
    sealed = [each for each in audit.c if each is not audit.c.seal]
    rows = select(audit.c.version, audit.c.seal, *sealed).where(audit.c.version > first)
    read = connection.select(rows.order_by(audit.c.version).limit(limit + 1)).all()
    names = [each.name for each in sealed]
    last = first
    for version, seal, *values in read[:limit]:
        if seal != _seal(previous, dict(zip(names, values, strict=True))):
            return Followed(after=first, last=last, broken=version, is_end=False)
        last, previous = version, seal
    return Followed(after=first, last=last, broken=None, is_end=len(read) <= limit)


def first_broken_audit_row(connection: ReadConnection) -> int | None:
    """Follow the chain; return the version of the first row that does not fit, None if all do."""
    seen = follow_audit_chain(connection, 0, CHAIN_ROWS)
    while seen.broken is None and not seen.is_end:
        seen = follow_audit_chain(connection, seen.last, CHAIN_ROWS)
    return seen.broken


def _as_json(values: Mapping[str, object]) -> str:
    return _ENCODER.encode(values)


def _plain(value: object) -> object:
    if isinstance(value, Secret):
        return f"secret {value.fingerprint()}"
    raise TypeError(f"an audit row cannot hold a {type(value).__name__}")


_ENCODER: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False, default=_plain)
"""Made once: the seals of thousands of rows are written at a time."""


def _seal(previous: bytes, values: Mapping[str, object]) -> bytes:
    return hashlib.sha256(previous + _as_json(values).encode()).digest()
