"""Why the signature of a callback does not fit: the usual mistakes are tried until one does.

Nothing is guessed: a mistake is named only when repeating it gives the very code at hand.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from hmac import digest as hmac_digest
from typing import Final

from meganodes.certification.mistakes.record import Diagnosis
from meganodes.certification.signed_bodies import restored
from meganodes.protocol.signature import TOLERANCE_SECONDS, parse_secret

SIGNATURE_RULE: Final = (
    "3.1: webhook-signature is v1, and base64 of HMAC-SHA256 over id.timestamp.body."
)
SECRET_RULE: Final = (
    "3.1: a signing secret is whsec_ and base64; the key is what base64 stands for."
)
CLOCK_RULE: Final = "3.1: webhook-timestamp is Unix seconds, UTC, of this attempt."

SECRET_PREFIX: Final = "whsec_"
VERSION: Final = "v1,"
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


def diagnose_signature(
    call: SignedCall, secret: str, now_seconds: int | None = None
) -> tuple[Diagnosis, ...]:
    """Say why a received call does not fit its signature; empty when it does.

    `secret` is the text that the backend has; `now_seconds` the backend's clock at the moment of
    the call, None when nobody knows it.
    """
    if not call.header.strip():
        return (
            about_signature(
                "webhook-signature is missing.",
                "Let your proxy pass the webhook- headers on; look them up without regard to case.",
            ),
        )
    if VERSION not in call.header:
        return (
            about_signature(
                "webhook-signature has no code that begins with v1,.",
                "Take the header as it came; the API log shows it masked.",
            ),
        )
    keys = tuple(keys_of(secret))
    if not keys:
        return (no_secret(secret),)
    for words, key in keys:
        if _fits(call, key):
            found = [] if not words else [_secret(words)]
            return (*found, *_clock(call, now_seconds))
    return (_other_body(call, keys) or unexplained(),)


def right_code(key: bytes, call: SignedCall) -> str:
    signed = _message(call.webhook_id, call.timestamp, call.body)
    return b64encode(hmac_digest(key, signed, sha256)).decode()


def _message(webhook_id: str, timestamp: str, body: bytes) -> bytes:
    return b"%b.%b.%b" % (webhook_id.encode(), timestamp.encode(), body)


def _fits(call: SignedCall, key: bytes, body: bytes | None = None) -> bool:
    """Tell whether the code fits, whatever the clock says."""
    expected = right_code(key, call if body is None else _with_body(call, body))
    given = [part for part in call.header.split() if part.startswith(VERSION)]
    return any(same(part.removeprefix(VERSION), expected) for part in given)


def _with_body(call: SignedCall, body: bytes) -> SignedCall:
    return SignedCall(
        webhook_id=call.webhook_id, timestamp=call.timestamp, header=call.header, body=body
    )


def same(given: str, expected: str) -> bool:
    return compare_digest(given.encode(), expected.encode())


# --- the secret ----------------------------------------------------------------------------------


def keys_of(secret: str) -> Iterator[tuple[str, bytes]]:
    """Give the keys that the text of a secret may stand for, the right one with empty words."""
    trimmed = secret.strip()
    bare = trimmed.removeprefix(SECRET_PREFIX)
    padded = bare + "=" * (-len(bare) % 4)
    for words, text in (
        ("", secret),
        ("there are blanks or line breaks around it", trimmed),
        ("whsec_ is missing in front of it", SECRET_PREFIX + bare),
        ("the = at its end is missing", SECRET_PREFIX + padded),
        (
            "- and _ stand in it for + and /",
            SECRET_PREFIX + padded.translate(str.maketrans("-_", "+/")),
        ),
    ):
        try:
            key = parse_secret(text)
        except ValueError:
            continue
        yield words, key
        if not words:
            return


def _of_addresses(text: str) -> str:
    return text.translate(str.maketrans("-_", "+/"))


def no_secret(secret: str) -> Diagnosis:
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
            return about_signature(
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
            return about_signature(
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


def about_signature(sentence: str, mend: str) -> Diagnosis:
    return Diagnosis(rule=SIGNATURE_RULE, sentence=sentence, mend=mend)


def _of_the_clock(sentence: str, mend: str) -> Diagnosis:
    return Diagnosis(rule=CLOCK_RULE, sentence=sentence, mend=mend)


def unexplained() -> Diagnosis:
    return about_signature(
        "The code does not fit, and none of the usual mistakes gives it.",
        "Check that the secret is this agent's and not an older one or that of another"
        " installation, and that nothing between the hub and your code changes the body.",
    )
