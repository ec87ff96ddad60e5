"""One signed POST to the alert address of the people who run the hub.

The address stands in the same settings as the database: whoever may write it needs no guard against
themselves. So private networks and plain http are allowed here, unlike for callbacks; addresses of
cloud metadata stay refused, redirects are not followed and certificates are verified.
"""

from __future__ import annotations

import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from meganodes.bootstrap.wiring import StartFault
from meganodes.callbacks.egress import BadTarget, Egress, EgressRules, Target
from meganodes.callbacks.exchange import Exchange, Headers, Transport
from meganodes.callbacks.resolver import SystemResolver
from meganodes.callbacks.settings import CallbackSettings
from meganodes.callbacks.transport import HttpTransport
from meganodes.hub.alerts import AlertKind, Notice
from meganodes.kit.clock import Clock
from meganodes.kit.identity import Identity
from meganodes.kit.secrets import Secret
from meganodes.protocol.signature import parse_secret, sign
from meganodes.protocol.wire import dump_json

POST_SECONDS: Final = 10.0
_RUNBOOK: Final = "docs/operating/runbook.md"
_ANCHORS: Final = {
    AlertKind.PARKED: "parked-work",
    AlertKind.OVERDUE: "overdue-work",
    AlertKind.STUCK: "bets-without-a-decision",
    AlertKind.OPEN_ROUNDS: "open-rounds",
    AlertKind.CIRCUIT: "circuit-open",
    AlertKind.DIFFERENCES: "reconciliation-differences",
    AlertKind.TEST: "test-alert",
}
_ID_BYTES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is posted; id and body stay the same however often it is tried."""

    message_id: str
    body: bytes
    notices: tuple[Notice, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """What became of one try. ``sentence`` is for people."""

    arrived: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who speaks: goes into every message."""

    installation: str
    node: str


class AlertLine:
    """The way to the alert address."""

    def __init__(
        self, target: Target, secrets: tuple[Secret, ...], transport: Transport, clock: Clock
    ) -> None:
        """Post to this target, signed with all of the secrets."""
        self._target = target
        self._secrets = secrets
        self._transport = transport
        self._clock = clock

    async def post(self, message: Message) -> Posted:
        """Try once; whatever happens is a value."""
        started = self._clock.monotonic()
        exchange = Exchange(
            agent_id=0,
            target=self._target,
            headers=self._headers(message),
            body=message.body,
            deadline=started + POST_SECONDS,
            is_clean=lambda _reply: False,  # a message is rare: no connection is kept for the next
        )
        exchanged = await self._transport.send(exchange)
        if exchanged.reply is None:
            return Posted(arrived=False, sentence=exchanged.fault or "there was no reply")
        status = exchanged.reply.status
        arrived = 200 <= status < 300  # noqa: PLR2004 - HTTP's own numbers
        return Posted(arrived=arrived, sentence=f"HTTP {status}, {exchanged.duration_ms} ms")

    async def close(self) -> None:
        """End what is under way."""
        await self._transport.close()

    def _headers(self, message: Message) -> Headers:
        seconds = self._clock.now_ms() // 1000
        signatures = (
            sign(secret.reveal_bytes(), message.message_id, seconds, message.body)
            for secret in self._secrets
        )
        return Headers.of(
            (
                ("Content-Type", "application/json"),
                ("Accept-Encoding", "identity"),
                ("webhook-id", message.message_id),
                ("webhook-timestamp", str(seconds)),
                ("webhook-signature", " ".join(signatures)),
            )
        )


def open_line(url: str, secret_file: Path, clock: Clock, ca_file: Path | None = None) -> AlertLine:
    """Make the way to an address; raises StartFault when address or secret cannot be used."""
    egress = Egress(
        EgressRules(allow_private_targets=True, allow_http=True),
        SystemResolver(absolute_names=False),
    )
    try:
        target = egress.parse(url)
    except BadTarget as fault:
        sentence = fault.reason.replace("callback URL", "address")
        raise StartFault(f"operations.alert_url: {sentence}") from None
    settings = CallbackSettings(allow_private_targets=True, allow_http=True, ca_file=ca_file)
    transport = HttpTransport(settings, clock, egress)
    return AlertLine(target, read_secrets(secret_file), transport, clock)


def read_secrets(path: Path) -> tuple[Secret, ...]:
    """Read the signing secrets, a line each, the newest first; two while one is exchanged."""
    setting = "operations.alert_secret_file"
    make_one = f"meganodes alert secret {path}"
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        lines = path.read_text("ascii").split()
    except (OSError, UnicodeDecodeError):
        raise StartFault(f"{setting}: {path} cannot be read; make one: {make_one}") from None
    if mode & 0o077:
        raise StartFault(f"{setting}: {path} is open to other users: chmod 600 {path}")
    try:
        secrets = tuple(Secret(parse_secret(line)) for line in lines)
    except ValueError as fault:
        raise StartFault(f"{setting}: {path}: {fault}") from None
    if not secrets:
        raise StartFault(f"{setting}: {path} is empty; make another one: {make_one}")
    return secrets


def a_message(
    sender: Sender, notices: tuple[Notice, ...], clock: Clock, identity: Identity
) -> Message:
    """Write what people are told, with an id of its own."""
    body = dump_json(
        {
            "type": "meganodes.alerts",
            "timestamp": _iso(clock.now_ms()),
            "data": {
                "installation": sender.installation,
                "node": sender.node,
                "alerts": [_alert(notice) for notice in notices],
            },
        }
    )
    message_id = f"mn-alert-{identity.token_bytes(_ID_BYTES).hex()}"
    return Message(message_id=message_id, body=body, notices=notices)


def _alert(notice: Notice) -> dict[str, object]:
    condition = notice.condition
    return {
        "key": condition.key,
        "kind": condition.kind.value,
        "state": "resolved" if notice.is_over else "firing",
        "subject": condition.subject,
        "summary": condition.summary,
        "count": condition.count,
        "since": _iso(condition.since_ms),
        "time": notice.time,
        "runbook": f"{_RUNBOOK}#{_ANCHORS[condition.kind]}",
    }


def _iso(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1000, UTC).isoformat().replace("+00:00", "Z")
