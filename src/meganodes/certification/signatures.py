"""Why the signature of a callback does not fit: the usual mistakes are tried until one does.

Nothing is guessed: a mistake is named only when repeating it gives the very code at hand.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256, sha512
from hmac import compare_digest
from hmac import digest as hmac_digest
from itertools import product
from typing import Final

from meganodes.certification.mistakes.record import Diagnosis
from meganodes.certification.signed_bodies import restored, written_anew
from meganodes.protocol.signature import TOLERANCE_SECONDS, parse_secret

SIGNATURE_RULE: Final = (
    "3.1: webhook-signature is v1, and base64 of HMAC-SHA256 over id.timestamp.body."
)
SECRET_RULE: Final = (
    "3.1: a signing secret is whsec_ and base64; the key is what base64 stands for."
)
CLOCK_RULE: Final = "3.1: webhook-timestamp is Unix seconds, UTC, of this attempt."

_PREFIX: Final = "whsec_"
_VERSION: Final = "v1,"
_HALF_HOUR: Final = 1_800
_NEAR_SECONDS: Final = 60
_DAY: Final = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedCall:
    """What the signature of a callback is made of, as the backend received it."""

    webhook_id: str
    timestamp: str
    header: str
    """The value of webhook-signature."""
    body: bytes


@dataclass(frozen=True, slots=True)
class _Try:
    """One way to make a code. `wrongs` are the words for what is done wrong in it."""

    wrongs: tuple[str, ...]
    made: bytes


def diagnose_signature(
    call: SignedCall, secret: str, now_seconds: int | None = None
) -> tuple[Diagnosis, ...]:
    """Say why a received call does not fit its signature; empty when it does.

    `secret` is the text that the backend has; `now_seconds` the backend's clock at the moment of
    the call, None when nobody knows it.
    """
    if not call.header.strip():
        return (
            _signature(
                "webhook-signature is missing.",
                "Let your proxy pass the webhook- headers on; look them up without regard to case.",
            ),
        )
    if _VERSION not in call.header:
        return (
            _signature(
                "webhook-signature has no code that begins with v1,.",
                "Take the header as it came; the API log shows it masked.",
            ),
        )
    keys = tuple(_keys_of(secret))
    if not keys:
        return (_no_secret(secret),)
    for words, key in keys:
        if _fits(call, key):
            found = [] if not words else [_secret(words)]
            return (*found, *_clock(call, now_seconds))
    return (_other_body(call, keys) or _unexplained(),)


def diagnose_computed(call: SignedCall, secret: str, computed: str) -> tuple[Diagnosis, ...]:
    """Say how a backend came to the code `computed` for a call; empty when it is right.

    Every usual mistake is repeated, alone and together with others; the fewest that give the very
    code are named.
    """
    keys = tuple(_keys_of(secret))
    if not keys:
        return (_no_secret(secret),)
    given = computed.strip().removeprefix(_VERSION)
    right = next((key for words, key in keys if not words), keys[0][1])
    if _same(given, _code(right, call)):
        return ()
    fitting = [each for each in _tries(call, secret, right) if _is_code(given, each.made)]
    if not fitting:
        return (_unexplained(),)
    best = min(fitting, key=lambda each: len(each.wrongs))
    wrongs = " and ".join((*best.wrongs, *_notation(given, best.made)))
    return (
        _signature(
            f"The code is what comes out when {wrongs}.",
            "Take the bytes of the body before any parser touches them, join id, timestamp and"
            " body with dots, use the decoded secret as key, and write the digest in base64.",
        ),
    )


def _code(key: bytes, call: SignedCall) -> str:
    signed = _message(call.webhook_id, call.timestamp, call.body)
    return b64encode(hmac_digest(key, signed, sha256)).decode()


def _message(webhook_id: str, timestamp: str, body: bytes) -> bytes:
    return b"%b.%b.%b" % (webhook_id.encode(), timestamp.encode(), body)


def _fits(call: SignedCall, key: bytes, body: bytes | None = None) -> bool:
    """Tell whether the code fits, whatever the clock says."""
    expected = _code(key, call if body is None else _with_body(call, body))
    given = [part for part in call.header.split() if part.startswith(_VERSION)]
    return any(_same(part.removeprefix(_VERSION), expected) for part in given)


def _with_body(call: SignedCall, body: bytes) -> SignedCall:
    return SignedCall(
        webhook_id=call.webhook_id, timestamp=call.timestamp, header=call.header, body=body
    )


def _same(given: str, expected: str) -> bool:
    return compare_digest(given.encode(), expected.encode())


# --- the secret ----------------------------------------------------------------------------------


def _keys_of(secret: str) -> Iterator[tuple[str, bytes]]:
    """Give the keys that the text of a secret may stand for, the right one with empty words."""
    trimmed = secret.strip()
    bare = trimmed.removeprefix(_PREFIX)
    padded = bare + "=" * (-len(bare) % 4)
    for words, text in (
        ("", secret),
        ("there are blanks or line breaks around it", trimmed),
        ("whsec_ is missing in front of it", _PREFIX + bare),
        ("the = at its end is missing", _PREFIX + padded),
        ("- and _ stand in it for + and /", _PREFIX + padded.translate(str.maketrans("-_", "+/"))),
    ):
        try:
            key = parse_secret(text)
        except ValueError:
            continue
        yield words, key
        if not words:
            return


def _no_secret(secret: str) -> Diagnosis:
    what = "empty" if not secret.strip() else "no whsec_ and base64 of 24 to 64 bytes"
    return Diagnosis(
        rule=SECRET_RULE,
        sentence=f"The secret is {what}.",
        mend="Copy the signing secret anew; it is shown once, when it is made. It is neither the"
        " API token nor the Callback-Token.",
    )


def _secret(words: str) -> Diagnosis:
    return Diagnosis(
        rule=SECRET_RULE,
        sentence=f"The signature fits, but the secret is not written as it was shown: {words}.",
        mend="Store the secret exactly as it was shown.",
    )


# --- the body and the clock ----------------------------------------------------------------------


def _other_body(call: SignedCall, keys: tuple[tuple[str, bytes], ...]) -> Diagnosis | None:
    for words, body in restored(call.body):
        if any(_fits(call, key, body) for _, key in keys):
            return _signature(
                f"The body is not the one that was signed: {words}.",
                "Verify the bytes as they came from the socket (request.body in Django and"
                " FastAPI, express.raw in Express, php://input in PHP), and parse them afterwards.",
            )
    for _, key in keys:
        swapped = SignedCall(
            webhook_id=call.timestamp,
            timestamp=call.webhook_id,
            header=call.header,
            body=call.body,
        )
        if _fits(swapped, key):
            return _signature(
                "webhook-id and webhook-timestamp have changed places.",
                "Sign the id first: id.timestamp.body.",
            )
    return None


def _clock(call: SignedCall, now_seconds: int | None) -> tuple[Diagnosis, ...]:
    if not (call.timestamp.isascii() and call.timestamp.isdigit()):
        return (_of_the_clock("webhook-timestamp is no whole number.", "Take it as it came."),)
    if now_seconds is None or abs(now_seconds - int(call.timestamp)) <= TOLERANCE_SECONDS:
        return ()
    ahead = now_seconds - int(call.timestamp)
    if abs(now_seconds - int(call.timestamp) * 1_000) < _DAY * 1_000:
        return (
            _of_the_clock(
                "The clock that was compared counts milliseconds, webhook-timestamp seconds.",
                "Divide by 1000 before you compare.",
            ),
        )
    half_hours, rest = divmod(abs(ahead) + _NEAR_SECONDS, _HALF_HOUR)
    if half_hours and rest <= 2 * _NEAR_SECONDS and abs(ahead) < _DAY:
        hours = f"{half_hours // 2}" + (".5" if half_hours % 2 else "")
        return (
            _of_the_clock(
                f"The backend's clock is {hours} h {_way(ahead)}: local time was taken for UTC.",
                "Compare with Unix time, which has no time zone.",
            ),
        )
    return (
        _of_the_clock(
            f"The backend's clock is {abs(ahead)} s {_way(ahead)}; {TOLERANCE_SECONDS} s are"
            " allowed.",
            "Let NTP set the clock. If it is right, the call was kept somewhere, or it is an old"
            " one that somebody sends again.",
        ),
    )


def _way(ahead_seconds: int) -> str:
    return "ahead" if ahead_seconds > 0 else "behind"


# --- codes that came out otherwise ---------------------------------------------------------------


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
    bare = text.removeprefix(_PREFIX)
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


def _signature(sentence: str, mend: str) -> Diagnosis:
    return Diagnosis(rule=SIGNATURE_RULE, sentence=sentence, mend=mend)


def _of_the_clock(sentence: str, mend: str) -> Diagnosis:
    return Diagnosis(rule=CLOCK_RULE, sentence=sentence, mend=mend)


def _unexplained() -> Diagnosis:
    return _signature(
        "The code does not fit, and none of the usual mistakes gives it.",
        "Check that the secret is this agent's and not an older one or that of another"
        " installation, and that nothing between the hub and your code changes the body.",
    )
