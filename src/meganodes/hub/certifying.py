"""Certifies an agent's backend for the hub: the same cases as on the command line (contract 5).

What the hub believes of a backend rests on runs of its own; a report that somebody sends in does
not count.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from meganodes.certification.case import Verdict
from meganodes.certification.flags import capabilities
from meganodes.certification.report_json import UnreadableReport, from_json, to_json
from meganodes.certification.runner import Progress, run
from meganodes.certification.target import Target
from meganodes.directory.certifications import NewCertification

if TYPE_CHECKING:
    from meganodes.certification.clock import Clock
    from meganodes.certification.report import Report
    from meganodes.certification.transport import Transport
    from meganodes.directory.records import Agent

_OPEN: Final = frozenset({Verdict.FAILED, Verdict.NOT_JUDGED})
_REPORT_BYTES_MAX: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """With whose money a backend is tried, and how much of it.

    ``max_amount_minor`` None: cases stake up to one main unit, and a few all that the account
    holds, for a moment.
    """

    account: str
    blocked_account: str | None = None
    max_amount_minor: int | None = None


def _tell_nobody(_: Progress) -> None:
    return


async def certify(
    agent: Agent,
    line: Transport,
    clock: Clock,
    wanted: Wanted,
    progress: Callable[[Progress], None] = _tell_nobody,
) -> Report:
    """Try every case against an agent's backend, with the token and secret in force."""
    secrets = agent.signing_secrets
    target = Target(
        url=agent.callback_url,
        callback_token=agent.callback_token.reveal(),
        account=wanted.account,
        revision=agent.revision,
        currency=agent.currency,
        max_amount_minor=wanted.max_amount_minor,
        blocked_account=wanted.blocked_account,
        signing_secret=secrets[0].reveal_bytes() if secrets else None,
    )
    return await run(target, line, clock, progress=progress)


def to_keep(agent: Agent, report: Report) -> NewCertification:
    """Give what the directory keeps of a report."""
    shown = capabilities(report)
    document = json.dumps(to_json(report), separators=(",", ":"))
    return NewCertification(
        agent_id=agent.agent_id,
        started_at_ms=report.started_ms,
        callback_url=report.url,
        revision=report.revision.value,
        edition=report.edition,
        whole=report.whole,
        counts={verdict.value: count for verdict, count in report.counts().items()},
        money_faults=[case.id for case in report.cases if case.money and case.verdict in _OPEN],
        capabilities=shown.as_json(),
        tombstones_shown=shown.tombstones is True,
        report=zlib.compress(document.encode()),
    )


def kept_report(kept: bytes) -> Report:
    """Read a report that was kept; raises `UnreadableReport` for one of another format."""
    unpacking = zlib.decompressobj()
    try:
        document = unpacking.decompress(kept, _REPORT_BYTES_MAX)
        return from_json(json.loads(document))
    except (zlib.error, json.JSONDecodeError) as fault:
        raise UnreadableReport(f"The kept report cannot be unpacked: {fault}.") from None
