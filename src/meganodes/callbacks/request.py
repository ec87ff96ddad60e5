"""The bytes of a callback: lines of the agent, lines of the attempt, the body (contract 3.1)."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from meganodes.callbacks.calls import AgentView, Call
from meganodes.callbacks.egress import Egress
from meganodes.callbacks.exchange import MASK, Headers
from meganodes.kit.identity import Identity
from meganodes.kit.masking import masked_bytes
from meganodes.kit.secrets import Secret
from meganodes.protocol.commands import Command, Revision, check_text
from meganodes.protocol.signature import sign
from meganodes.protocol.wire import CALLBACK_TOKEN_HEADER, render_callback

_TRACEPARENT: Final = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)
_TRACE_BYTES: Final = 24

# Rendered once for both copies: the stored one differs in the signature between and nothing else.
_LINES_BEFORE: Final = b"webhook-id: %b\r\nwebhook-timestamp: %d\r\nwebhook-signature: "
_LINES_AFTER: Final = b"\r\nMegaNodes-Attempt: %d\r\nMegaNodes-Deadline: %d\r\ntraceparent: %b\r\n"


class PreparedAgent:
    """An agent's target, fixed header lines and signing keys, made once for all its callbacks."""

    __slots__ = ("_keys", "_lines", "_token", "target", "view")

    def __init__(self, view: AgentView, egress: Egress) -> None:
        """Take the callback URL apart; BadTarget when it may not be called."""
        self.view = view
        self.target = egress.parse(view.callback_url)
        self._token = view.callback_token.reveal_bytes()
        self._lines = fixed_headers(view.callback_token)
        self._keys = tuple(secret.reveal_bytes() for secret in view.signing_secrets)

    def is_for(self, view: AgentView) -> bool:
        """Tell whether URL, token and secrets are still those in force."""
        mine = self.view
        return view is mine or (
            view.callback_url == mine.callback_url
            and (
                view.callback_token is mine.callback_token
                or view.callback_token == mine.callback_token
            )
            and view.signing_secrets == mine.signing_secrets
        )

    def masked(self, reply_bytes: bytes) -> bytes:
        """Return a backend's bytes without secrets, should it have sent some back."""
        if self._token:
            reply_bytes = reply_bytes.replace(self._token, _MASK)
        return masked_bytes(reply_bytes)

    def headers(
        self, call: Call, body: bytes, timestamp_seconds: int, deadline_ms: int, trace: str
    ) -> Headers:
        """Render the headers of one attempt; ``trace`` is its traceparent."""
        assert call.webhook_id.isascii(), "ids on the wire are printable ASCII"
        assert call.webhook_id.isprintable(), "ids on the wire are printable ASCII"
        webhook_id = call.webhook_id.encode("ascii")
        signature = " ".join(
            [sign(key, call.webhook_id, timestamp_seconds, body) for key in self._keys]
        ).encode("ascii")
        fixed = self._lines
        if call.token_override is not None:
            fixed = fixed_headers(call.token_override)
        before = _LINES_BEFORE % (webhook_id, timestamp_seconds)
        after = _LINES_AFTER % (call.attempt, deadline_ms, trace.encode("ascii"))
        return Headers(
            wire=fixed.wire + before + signature + after,
            stored=fixed.stored + before + _MASK + after,
        )


_MASK: Final = MASK.encode("ascii")


def fixed_headers(token: Secret) -> Headers:
    """Render the lines that do not change from attempt to attempt, in the contract's casing."""
    return Headers.of(
        (
            (CALLBACK_TOKEN_HEADER, token.reveal()),
            ("Accept", "application/json"),
            ("Content-Type", "application/json"),
            ("Accept-Encoding", "identity"),
        )
    )


def envelope(call: Call, timestamp_seconds: int) -> bytes:
    """Render the body: `command`, `data` and `check` byte for byte as on every attempt."""
    check = _check_text(call.command, call.revision)
    return render_callback(call.command, call.data, check, timestamp_seconds)


@cache
def _check_text(command: Command, revision: Revision) -> str:
    return check_text(command, revision)


def traceparent_of(call: Call, identity: Identity) -> str:
    """Return the call's own traceparent, or a fresh one where it has none that is well-formed."""
    given = call.traceparent
    if given is not None and _TRACEPARENT.fullmatch(given) is not None:
        return given
    fresh = identity.token_bytes(_TRACE_BYTES).hex()
    return f"00-{fresh[:32]}-{fresh[32:]}-00"
