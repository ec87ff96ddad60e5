"""How a backend came to the code it computed: every usual mistake is repeated until one fits."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256, sha512
from hmac import digest as hmac_digest
from itertools import product
from typing import Final

from meganodes.certification.mistakes.record import Diagnosis
from meganodes.certification.signatures import (
    SECRET_PREFIX,
    VERSION,
    SignedCall,
    about_signature,
    keys_of,
    no_secret,
    right_code,
    same,
    unexplained,
)
from meganodes.certification.signed_bodies import written_anew


@dataclass(frozen=True, slots=True)
class _Try:
    """One way to make a code. `wrongs` are the words for what is done wrong in it."""

    wrongs: tuple[str, ...]
    made: bytes


def diagnose_computed(call: SignedCall, secret: str, computed: str) -> tuple[Diagnosis, ...]:
    """Say how a backend came to the code `computed` for a call; empty when it is right.

    Every usual mistake is repeated, alone and together with others; the fewest that give the very
    code are named.
    """
    keys = tuple(keys_of(secret))
    if not keys:
        return (no_secret(secret),)
    given = computed.strip().removeprefix(VERSION)
    right = next((key for words, key in keys if not words), keys[0][1])
    if same(given, right_code(right, call)):
        return ()
    fitting = [each for each in _tries(call, secret, right) if _is_code(given, each.made)]
    if not fitting:
        return (unexplained(),)
    best = min(fitting, key=lambda each: len(each.wrongs))
    wrongs = " and ".join((*best.wrongs, *_notation(given, best.made)))
    return (
        about_signature(
            f"The code is what comes out when {wrongs}.",
            "Take the bytes of the body before any parser touches them, join id, timestamp and"
            " body with dots, use the decoded secret as key, and write the digest in base64.",
        ),
    )


def _tries(call: SignedCall, secret: str, right: bytes) -> Iterator[_Try]:
    keys = (("", right), *_wrong_keys(secret))
    bodies = (("", call.body), *_wrong_bodies(call.body))
    for (about_body, body), (about_key, key) in product(bodies, keys):
        for about_join, message in _joined(call, body):
            for about_hash, made in _digests(key, message):
                wrongs = (about_body, about_join, about_key, about_hash)
                yield _Try(tuple(each for each in wrongs if each), made)


def _wrong_keys(secret: str) -> Iterator[tuple[str, bytes]]:
    text = secret.strip()
    bare = text.removeprefix(SECRET_PREFIX)
    yield "the whole text of the secret, whsec_ included, is the key", text.encode()
    yield "the secret without whsec_ is the key, but not decoded from base64", bare.encode()
    try:
        yield "the secret is decoded with whsec_ still in front", b64decode(text + "==")
    except (binascii.Error, ValueError):
        return


def _wrong_bodies(body: bytes) -> Iterator[tuple[str, bytes]]:
    for words, anew in written_anew(body):
        if anew != body:
            yield f"the body is {words}", anew
    yield "a line break stands behind the body", body + b"\n"
    yield "the body is left out", b""


def _joined(call: SignedCall, body: bytes) -> Iterator[tuple[str, bytes]]:
    webhook_id, timestamp = call.webhook_id.encode(), call.timestamp.encode()
    yield "", b"%b.%b.%b" % (webhook_id, timestamp, body)
    yield "id, timestamp and body are joined without dots", webhook_id + timestamp + body
    yield "the timestamp stands before the id", b"%b.%b.%b" % (timestamp, webhook_id, body)
    yield "the id is left out", b"%b.%b" % (timestamp, body)
    yield "the timestamp is left out", b"%b.%b" % (webhook_id, body)
    yield "only the body is signed", body
    for name, mark in (("colons", b":"), ("line breaks", b"\n"), ("commas", b",")):
        yield (
            f"id, timestamp and body are joined by {name}",
            mark.join((webhook_id, timestamp, body)),
        )


def _digests(key: bytes, message: bytes) -> Iterator[tuple[str, bytes]]:
    yield "", hmac_digest(key, message, sha256)
    yield "SHA-512 is used", hmac_digest(key, message, sha512)
    yield "SHA-1 is used", hmac_digest(key, message, "sha1")
    yield "a plain SHA-256 over key and message is made, no HMAC", sha256(key + message).digest()


def _of_hex(made: bytes) -> str:
    return b64encode(made.hex().encode()).decode()


_NOTATIONS: Final[tuple[tuple[str, Callable[[bytes], str]], ...]] = (
    ("", lambda made: b64encode(made).decode()),
    ("the digest is written in hex", bytes.hex),
    ("the digest is written in hex", lambda made: made.hex().upper()),
    (
        "the digest is written in base64 for addresses",
        lambda made: urlsafe_b64encode(made).decode(),
    ),
    ("the = at the end is cut off", lambda made: b64encode(made).decode().rstrip("=")),
    ("the text of the hex digest is written in base64", _of_hex),
)


def _is_code(given: str, made: bytes) -> bool:
    return any(given == write(made) for _, write in _NOTATIONS)


def _notation(given: str, made: bytes) -> tuple[str, ...]:
    words = next(words for words, write in _NOTATIONS if given == write(made))
    return (words,) if words else ()
