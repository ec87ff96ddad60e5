"""Rows of tokens and secrets: how they are written, rolled over and read.

A token that is presented to us is stored as a keyed hash, a secret that we present is sealed and
bound to its row. While a rotation overlaps two rows of one kind are in force (callback tokens: the
new row comes in force when the old one ends, because a backend accepts one token at a time).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from meganodes.directory.faults import DirectoryFault, FieldFault
from meganodes.directory.records import TokenKind
from meganodes.directory.tables import credentials
from meganodes.kit.database import ReadConnection, WriteConnection
from meganodes.kit.identity import Identity
from meganodes.kit.secrets import MasterKey, Secret
from meganodes.kit.tokens import (
    API_PREFIX,
    CALLBACK_PREFIX,
    PROVIDER_PREFIX,
    lookup_part,
    new_token,
    token_hash,
)
from meganodes.protocol.signature import secret_text

OVERLAP_HOURS_MAX = 72
SIGNING_SECRET_BYTES = 32
_HOUR_MS = 3_600_000
_PREFIXES = {
    TokenKind.API: API_PREFIX,
    TokenKind.PROVIDER: PROVIDER_PREFIX,
    TokenKind.CALLBACK: CALLBACK_PREFIX,
}
_PRESENTED_TO_US = frozenset({TokenKind.API, TokenKind.PROVIDER})


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose credentials: an agent's or a provider's."""

    kind: str
    owner_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """One stored row. Of ``secret_hash`` and ``sealed`` exactly one is there."""

    owner: Owner
    kind: TokenKind
    serial: int
    lookup: str | None
    secret_hash: bytes | None
    sealed: bytes | None
    starts_at_ms: int
    ends_at_ms: int | None

    def in_force(self, now_ms: int) -> bool:
        """Tell whether this one counts at this moment."""
        return self.starts_at_ms <= now_ms and (self.ends_at_ms is None or now_ms < self.ends_at_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roll:
    """A rotation: the overlap, and whether it may cut a running overlap short."""

    kind: TokenKind
    overlap_hours: int
    force: bool = False


def new_secret(kind: TokenKind, identity: Identity) -> Secret:
    """Make a new token, or the raw key bytes of a signing secret."""
    if kind is TokenKind.SIGNING:
        return Secret(identity.token_bytes(SIGNING_SECRET_BYTES))
    return new_token(_PREFIXES[kind], identity)


def shown(kind: TokenKind, secret: Secret) -> Secret:
    """Return the form in which a person gets it, this one time."""
    return Secret(secret_text(secret.reveal_bytes())) if kind is TokenKind.SIGNING else secret


def store_credential(
    connection: WriteConnection, key: MasterKey, row: Credential, secret: Secret
) -> None:
    """Write the row of a new secret: its hash or its sealed form, never itself."""
    connection.execute(credentials.insert().values(credential_values(key, row, secret)))


def credential_values(key: MasterKey, row: Credential, secret: Secret) -> dict[str, object]:
    """Return the columns of a new secret's row."""
    presented = row.kind in _PRESENTED_TO_US
    text = secret.reveal() if presented else ""
    return {
        "owner": row.owner.kind,
        "owner_id": row.owner.owner_id,
        "kind": row.kind,
        "serial": row.serial,
        "lookup": lookup_part(text) if presented else None,
        "secret_hash": token_hash(key.token_hash_keys[0], text) if presented else None,
        "sealed": None if presented else key.seal(secret.reveal_bytes(), bound_to=_row_name(row)),
        "fingerprint": secret.fingerprint(),
        "starts_at_ms": row.starts_at_ms,
        "ends_at_ms": row.ends_at_ms,
        "created_at_ms": row.starts_at_ms,
    }


def first_credential(owner: Owner, kind: TokenKind, now_ms: int, serial: int = 1) -> Credential:
    """Return the row of a credential in force from this moment, still without its secret."""
    return Credential(
        owner=owner,
        kind=kind,
        serial=serial,
        lookup=None,
        secret_hash=None,
        sealed=None,
        starts_at_ms=now_ms,
        ends_at_ms=None,
    )


def roll_credential(
    connection: WriteConnection, owner: Owner, roll: Roll, now_ms: int
) -> tuple[Credential, str]:
    """End the row in use as the roll says; return the next row and the old one's fingerprint.

    A second roll inside an overlap is refused unless forced: it would cut off whoever still uses
    the older one. Forced, the older one ends at once and the one in use gets the new overlap.
    """
    mine = _rows_of(owner, roll.kind)
    newest = connection.select(select(func.max(credentials.c.serial)).where(mine)).scalar_one()
    alive = _alive_rows(connection, mine, now_ms)
    if len(alive) > 1 and not roll.force:
        sentence = f"the overlap of the last {roll.kind} reissue still runs; force cuts it short"
        raise DirectoryFault([FieldFault("overlap_hours", sentence)])
    in_use = max((row for row in alive if row.starts_at_ms <= now_ms), key=_serial)
    unused = and_(mine, credentials.c.starts_at_ms > now_ms)
    long_ended = and_(mine, credentials.c.ends_at_ms < now_ms - OVERLAP_HOURS_MAX * _HOUR_MS)
    connection.execute(delete(credentials).where(or_(unused, long_ended)))
    overlap_ends_ms = now_ms + roll.overlap_hours * _HOUR_MS
    for row in alive:
        ends_at_ms = overlap_ends_ms if row is in_use else now_ms
        one = and_(mine, credentials.c.serial == row.serial)
        connection.execute(update(credentials).where(one).values(ends_at_ms=ends_at_ms))
    starts_at_ms = overlap_ends_ms if roll.kind is TokenKind.CALLBACK else now_ms
    return first_credential(owner, roll.kind, starts_at_ms, newest + 1), in_use.fingerprint


def overlap_faults(overlap_hours: int) -> list[FieldFault]:
    """Check an overlap: 0 to 72 whole hours (reliability 3.10, S18)."""
    if 0 <= overlap_hours <= OVERLAP_HOURS_MAX:
        return []
    return [FieldFault("overlap_hours", f"overlap_hours must be 0 to {OVERLAP_HOURS_MAX}")]


def credentials_of(
    connection: ReadConnection, owner_kind: str, owner_ids: Sequence[int] | None, now_ms: int
) -> list[Credential]:
    """Return the rows in force now or later, of these owners or of all of them, newest first."""
    statement = (
        select(credentials)
        .where(credentials.c.owner == owner_kind, _not_ended(now_ms))
        .order_by(credentials.c.serial.desc())
    )
    if owner_ids is not None:
        statement = statement.where(credentials.c.owner_id.in_(owner_ids))
    return [
        Credential(
            owner=Owner(row.owner, row.owner_id),
            kind=TokenKind(row.kind),
            serial=row.serial,
            lookup=row.lookup,
            secret_hash=row.secret_hash,
            sealed=row.sealed,
            starts_at_ms=row.starts_at_ms,
            ends_at_ms=row.ends_at_ms,
        )
        for row in connection.select(statement)
    ]


def open_credential(key: MasterKey, row: Credential) -> Secret:
    """Open a sealed row: the text of a callback token, the raw bytes of a signing secret."""
    assert row.sealed is not None, "only secrets that the hub presents are sealed"
    return Secret(key.open_sealed(row.sealed, bound_to=_row_name(row)))


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialView:
    """A token or secret as people see it: when it counts, and what tells it from others.

    ``lookup`` are the characters of a presented token that open nothing; sealed ones have none.
    """

    kind: TokenKind
    serial: int
    lookup: str | None
    fingerprint: str
    starts_at_ms: int
    ends_at_ms: int | None
    created_at_ms: int


def credential_views(connection: ReadConnection, owner: Owner, now_ms: int) -> list[CredentialView]:
    """Return an owner's tokens and secrets in force now or later, newest first."""
    mine = and_(credentials.c.owner == owner.kind, credentials.c.owner_id == owner.owner_id)
    statement = (
        select(
            credentials.c.kind,
            credentials.c.serial,
            credentials.c.lookup,
            credentials.c.fingerprint,
            credentials.c.starts_at_ms,
            credentials.c.ends_at_ms,
            credentials.c.created_at_ms,
        )
        .where(mine, _not_ended(now_ms))
        .order_by(credentials.c.serial.desc())
    )
    return [
        CredentialView(
            kind=TokenKind(row.kind),
            serial=row.serial,
            lookup=row.lookup,
            fingerprint=row.fingerprint,
            starts_at_ms=row.starts_at_ms,
            ends_at_ms=row.ends_at_ms,
            created_at_ms=row.created_at_ms,
        )
        for row in connection.select(statement)
    ]


@dataclass(frozen=True, slots=True)
class _AliveRow:
    serial: int
    fingerprint: str
    starts_at_ms: int


def _alive_rows(
    connection: ReadConnection, mine: ColumnElement[bool], now_ms: int
) -> list[_AliveRow]:
    columns = (credentials.c.serial, credentials.c.fingerprint, credentials.c.starts_at_ms)
    return [
        _AliveRow(*row)
        for row in connection.select(select(*columns).where(mine, _not_ended(now_ms)))
    ]


def _serial(row: _AliveRow) -> int:
    return row.serial


def _rows_of(owner: Owner, kind: TokenKind) -> ColumnElement[bool]:
    return and_(
        credentials.c.owner == owner.kind,
        credentials.c.owner_id == owner.owner_id,
        credentials.c.kind == kind,
    )


def _not_ended(now_ms: int) -> ColumnElement[bool]:
    return or_(credentials.c.ends_at_ms.is_(None), credentials.c.ends_at_ms > now_ms)


def _row_name(row: Credential) -> str:
    return f"{row.owner.kind}/{row.owner.owner_id}/{row.kind}/{row.serial}"
