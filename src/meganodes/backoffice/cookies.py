"""Cookies of the Back Office: a session no script reads, and a toast that is said once (S12)."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

SESSION_COOKIE: Final = "__Host-meganodes-office"
TOAST_COOKIE: Final = "__Host-meganodes-toast"
_TOAST_CHARACTERS_MAX: Final = 300
_TONES: Final = ("success", "warning", "danger", "info")


def session_token(request: Request) -> str:
    """Return what the browser presents as its session, "" for nothing."""
    return request.cookies.get(SESSION_COOKIE, "")


def set_session(response: Response, token: str) -> None:
    """Let the browser keep a session until it is closed; the server decides when it ends."""
    response.set_cookie(SESSION_COOKIE, token, path="/", secure=True, httponly=True, samesite="lax")


def forget_session(response: Response) -> None:
    """Take the session away from the browser."""
    response.delete_cookie(SESSION_COOKIE, path="/", secure=True, httponly=True, samesite="lax")


def csrf_token(session: str) -> str:
    """Derive the token that forms of a session carry; it does not give the session away (S13)."""
    return hmac.digest(session.encode(), b"meganodes office form", hashlib.sha256).hex()


def is_csrf_token(session: str, sent: str) -> bool:
    """Compare in constant time."""
    return hmac.compare_digest(csrf_token(session).encode(), sent.encode(errors="replace"))


def set_toast(response: Response, tone: str, text: str) -> None:
    """Leave a sentence for the next page."""
    assert tone in _TONES
    quoted = f"{tone}:{text[:_TOAST_CHARACTERS_MAX]}".encode().hex()
    response.set_cookie(
        TOAST_COOKIE, quoted, max_age=60, path="/", secure=True, httponly=True, samesite="lax"
    )


def take_toast(request: Request) -> tuple[str, str] | None:
    """Return (tone, sentence) that an earlier answer left, None for none."""
    try:
        tone, found, text = (
            bytes.fromhex(request.cookies.get(TOAST_COOKIE, "")).decode().partition(":")
        )
    except ValueError:
        return None
    return (tone, text) if found and tone in _TONES else None


def forget_toast(response: Response) -> None:
    """It has been said."""
    response.delete_cookie(TOAST_COOKIE, path="/", secure=True, httponly=True, samesite="lax")
