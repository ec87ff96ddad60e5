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
    force: bool
    now_ms: int

    @property
    def overlap_ends_ms(self) -> int:
        """The moment from which the old one counts no more."""
        return self.now_ms + self.overlap_hours * _HOUR_MS


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
    presented = row.kind in _PRESENTED_TO_US
    text = secret.reveal() if presented else ""
    connection.execute(
        credentials.insert().values(
            owner=row.owner.kind,
            owner_id=row.owner.owner_id,
            kind=row.kind,
            serial=row.serial,
            lookup=lookup_part(text) if presented else None,
            secret_hash=token_hash(key.token_hash_keys[0], text) if presented else None,
            sealed=None if presented else key.seal(secret.reveal_bytes(), bound_to=_row_name(row)),
            fingerprint=secret.fingerprint(),
            starts_at_ms=row.starts_at_ms,
            ends_at_ms=row.ends_at_ms,
            created_at_ms=row.starts_at_ms,
        )
    )


def first_credential(owner: Owner, kind: TokenKind, now_ms: int) -> Credential:
    """Return the row of a new owner, to be stored."""
    return Credential(
        owner=owner,
        kind=kind,
        serial=1,
        lookup=None,
        secret_hash=None,
        sealed=None,
        starts_at_ms=now_ms,
        ends_at_ms=None,
    )


def roll_credential(
    connection: WriteConnection, owner: Owner, roll: Roll
) -> tuple[Credential, str]:
    """End the present row as the roll says; return the next row and the old fingerprint.

    A second roll inside an overlap is refused unless forced: it would cut off whoever still uses
    the older one. Forced, older rows end at once, and the row in use now gets the new overlap.
    """
    mine = _rows_of(owner, roll.kind)
    overlapping = select(func.count()).where(mine, credentials.c.ends_at_ms > roll.now_ms)
    if connection.select(overlapping).scalar_one() and not roll.force:
        sentence = f"the overlap of the last {roll.kind} reissue still runs; force cuts it short"
        raise DirectoryFault([FieldFault("overlap_hours", sentence)])
    _forget_ended(connection, owner, roll)
    in_use, fingerprint = _row_in_use(connection, owner, roll)
    others = credentials.c.serial != in_use
    at_once = {"ends_at_ms": func.max(credentials.c.starts_at_ms, roll.now_ms)}
    unended = or_(credentials.c.ends_at_ms.is_(None), credentials.c.ends_at_ms > roll.now_ms)
    connection.execute(update(credentials).where(mine, others, unended).values(at_once))
    ends = {"ends_at_ms": roll.overlap_ends_ms}
    connection.execute(update(credentials).where(mine, ~others).values(ends))
    newest = connection.select(select(func.max(credentials.c.serial)).where(mine)).scalar_one()
    starts_at_ms = roll.overlap_ends_ms if roll.kind is TokenKind.CALLBACK else roll.now_ms
    row = first_credential(owner, roll.kind, starts_at_ms)
    return (_with_serial(row, newest + 1), fingerprint)
