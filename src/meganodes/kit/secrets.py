"""Secrets that cannot be printed by accident, and the master key that seals what must be stored.

Three keys are derived from the 32 bytes of the key file: one encrypts (callback tokens, signing
secrets), one hashes the tokens that others present to us, one signs the links to round pages. The
file lives outside the database, so that a copy of the database alone opens nothing (reliability
3.10, S16 and S17).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MASTER_KEY_BYTES = 32
_SEAL_VERSION = 1
_KEY_ID_BYTES = 4
_NONCE_BYTES = 12
_HEADER_BYTES = 1 + _KEY_ID_BYTES + _NONCE_BYTES


class Secret:
    """A value that has no plain text form: printing, formatting, pickling and JSON never show it.

    ``reveal`` gives text, ``reveal_bytes`` bytes, whichever of the two was put in. Comparison takes
    constant time.
    """

    __slots__ = ("__value",)

    def __init__(self, value: str | bytes) -> None:
        """Wrap text or bytes."""
        self.__value = value

    def reveal(self) -> str:
        """Return the text (bytes are read as UTF-8)."""
        return self.__value if isinstance(self.__value, str) else self.__value.decode()

    def reveal_bytes(self) -> bytes:
        """Return the bytes (text is written as UTF-8)."""
        return self.__value if isinstance(self.__value, bytes) else self.__value.encode()

    def fingerprint(self) -> str:
        """Return twelve hex digits that name this secret in an audit row without giving it away."""
        return hashlib.sha256(b"meganodes fingerprint\0" + self.reveal_bytes()).hexdigest()[:12]

    def __eq__(self, other: object) -> bool:
        """Compare in constant time; anything that is not a Secret is different."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.reveal_bytes(), other.reveal_bytes())

    def __hash__(self) -> int:
        """Hash the content, so that records holding a secret can be hashed."""
        return hash(self.reveal_bytes())

    def __repr__(self) -> str:
        """Show that there is a secret, and nothing of it."""
        return "Secret('****')"

    __str__ = __repr__

    def __format__(self, format_spec: str) -> str:
        """Show the mask, whatever format is asked for."""
        return repr(self)

    def __copy__(self) -> Secret:
        """Return itself: it never changes."""
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        """Return itself: it never changes."""
        return self

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: a pickle would be a plain text form."""
        raise TypeError("a Secret cannot be pickled")


class MasterKeyError(ValueError):
    """The master key cannot be used. The message says why and what to do about it."""


class SealError(ValueError):
    """Sealed bytes cannot be opened: changed, moved to another row, or sealed by another key."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class _Keys:
    """What is derived from one master key; the id only tells keys apart."""

    key_id: bytes
    cipher: AESGCM
    token_hash_key: bytes
    round_link_key: bytes


class MasterKey:
    """The key everything stored is protected by; earlier ones are kept to open what they sealed."""

    __slots__ = ("_current", "_older")

    def __init__(self, raw: bytes, *, older: tuple[bytes, ...] = ()) -> None:
        """Derive the working keys from 32 raw bytes; ``older`` keys only open and recognise."""
        self._current = _derive(raw)
        self._older = tuple(_derive(key) for key in older)

    @classmethod
    def from_file(cls, path: Path, *, older: tuple[Path, ...] = ()) -> MasterKey:
        """Read the key file. Missing, of another size, open to others: MasterKeyError."""
        return cls(_read_key(path), older=tuple(_read_key(each) for each in older))

    @property
    def token_hash_keys(self) -> tuple[bytes, ...]:
        """Keys for `tokens.token_hash`, the one for new hashes first."""
        return (self._current.token_hash_key, *(keys.token_hash_key for keys in self._older))

    @property
    def round_link_keys(self) -> tuple[bytes, ...]:
        """Keys that sign links to round pages, the one for new links first."""
        return (self._current.round_link_key, *(keys.round_link_key for keys in self._older))

    def seal(self, plain: bytes, *, bound_to: str) -> bytes:
        """Encrypt for this key and this ``bound_to`` (the row) alone."""
        nonce = os.urandom(_NONCE_BYTES)
        header = bytes([_SEAL_VERSION]) + self._current.key_id + nonce
        return header + self._current.cipher.encrypt(nonce, plain, header + bound_to.encode())

    def open_sealed(self, sealed: bytes, *, bound_to: str) -> bytes:
        """Return what was sealed under the same ``bound_to``, or raise SealError."""
        header, body = sealed[:_HEADER_BYTES], sealed[_HEADER_BYTES:]
        keys = self._keys_of(header)
        try:
            return keys.cipher.decrypt(header[-_NONCE_BYTES:], body, header + bound_to.encode())
        except InvalidTag:
            raise SealError(
                f"the sealed value of {bound_to} was changed or belongs to another row"
            ) from None

    def _keys_of(self, header: bytes) -> _Keys:
        if len(header) < _HEADER_BYTES or header[0] != _SEAL_VERSION:
            raise SealError("the sealed value has an unknown form")
        key_id = header[1 : 1 + _KEY_ID_BYTES]
        for keys in (self._current, *self._older):
            if keys.key_id == key_id:
                return keys
        message = (
            "the sealed value was made with another master key: "
            "MEGANODES_MASTER_KEY_FILE does not belong to this database"
        )
        raise SealError(message)

    def __repr__(self) -> str:
        """Show nothing of the key."""
        return "MasterKey('****')"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        """Refuse: a pickle would be a plain text form."""
        raise TypeError("a MasterKey cannot be pickled")


def create_master_key_file(path: Path) -> None:
    """Write a new key file that only its owner can read. An existing file: FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(os.urandom(MASTER_KEY_BYTES))
        file.flush()
        os.fsync(descriptor)


def _derive(raw: bytes) -> _Keys:
    if len(raw) != MASTER_KEY_BYTES:
        raise MasterKeyError(f"the master key must have {MASTER_KEY_BYTES} bytes, not {len(raw)}")
    return _Keys(
        key_id=_expand(raw, b"meganodes/1/key-id")[:_KEY_ID_BYTES],
        cipher=AESGCM(_expand(raw, b"meganodes/1/encryption")),
        token_hash_key=_expand(raw, b"meganodes/1/token-hash"),
        round_link_key=_expand(raw, b"meganodes/1/round-link"),
    )


def _expand(raw: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose).derive(raw)


def _read_key(path: Path) -> bytes:
    make_one = f"meganodes key create {path}"
    setting = "MEGANODES_MASTER_KEY_FILE"
    try:
        mode = path.stat().st_mode
        raw = path.read_bytes()
    except OSError as fault:
        message = (
            f"the master key file {path} cannot be read ({fault.strerror}). {setting} names it; "
            f"this command makes a new one: {make_one}"
        )
        raise MasterKeyError(message) from None
    if stat.S_IMODE(mode) & 0o077:
        message = (
            f"the master key file {path} is open to other users (mode {stat.S_IMODE(mode):o}). "
            f"{setting} names it; close it with: chmod 600 {path}"
        )
        raise MasterKeyError(message)
    if len(raw) != MASTER_KEY_BYTES:
        message = (
            f"the master key file {path} has {len(raw)} bytes and must have {MASTER_KEY_BYTES}. "
            f"{setting} names it; this command makes a new one: {make_one}"
        )
        raise MasterKeyError(message)
    return raw
