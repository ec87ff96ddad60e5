"""What the hub keeps of a certification, and that it reads the same again."""

from __future__ import annotations

import zlib
from dataclasses import replace

import pytest

from meganodes.certification.case import Verdict
from meganodes.certification.faulty.cancel_mistakes import KeepsNoTombstones
from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.wire_mistakes import AnswersLikeTheMainApi
from meganodes.certification.report import Report
from meganodes.certification.report_json import UnreadableReport
from meganodes.certification.transport import NoAnswer, Request
from meganodes.hub.certifying import Wanted, certify, kept_report, to_keep
from meganodes.kit.secrets import Secret
from meganodes.protocol.signature import sign
from tests.support import practice
from tests.support.builders import an_agent
from tests.support.virtual_time import VirtualClock

WANTED = Wanted(account=practice.ACCOUNT, blocked_account=practice.BLOCKED_ACCOUNT)
AGENT = an_agent(callback_token=Secret(practice.TOKEN), signing_secrets=())


def certified(kind: type[HonestBackend]) -> Report:
    with practice.virtual_loop() as loop:
        clock = VirtualClock(loop)
        backend = practice.with_accounts(kind(practice.agreed(), clock))
        line = practice.StraightLine(backend, clock)
        return loop.run_until_complete(certify(AGENT, line, clock, WANTED))


def test_a_report_is_kept_whole_and_read_again() -> None:
    report = certified(HonestBackend)
    assert report.certified
    kept = to_keep(AGENT, report)
    read = kept_report(kept.report)
    assert (read.url, read.counts(), read.certified) == (report.url, report.counts(), True)
    assert [case.verdict for case in read.cases] == [case.verdict for case in report.cases]
    assert practice.TOKEN.encode() not in zlib.decompress(kept.report)


def test_what_is_kept_says_what_was_shown() -> None:
    kept = to_keep(AGENT, certified(HonestBackend))
    assert (kept.agent_id, kept.callback_url) == (AGENT.agent_id, AGENT.callback_url)
    assert (kept.revision, kept.whole, kept.money_faults) == ("guid", True, [])
    assert kept.counts["failed"] == 0
    assert kept.capabilities["duplicates"] == 41
    assert kept.tombstones_shown is True


def test_a_backend_without_tombstones_is_not_believed_to_have_them() -> None:
    kept = to_keep(AGENT, certified(KeepsNoTombstones))
    assert kept.tombstones_shown is False
    assert kept.money_faults == ["reordering-01-late-bet"]


def test_what_was_not_judged_counts_as_a_finding_about_money() -> None:
    report = certified(AnswersLikeTheMainApi)
    kept = to_keep(AGENT, report)
    assert not report.money_findings
    assert "bet-01-taken" in kept.money_faults
    assert kept.counts[Verdict.NOT_JUDGED.value] > 100


def test_the_newest_secret_signs() -> None:
    agent = replace(AGENT, signing_secrets=(Secret(b"n" * 32), Secret(b"o" * 32)))
    seen: list[Request] = []

    class Nobody:
        async def send(self, request: Request) -> NoAnswer:
            seen.append(request)
            return NoAnswer(sentence="Nobody is there.", duration_seconds=0.0)

    with practice.virtual_loop() as loop:
        loop.run_until_complete(certify(agent, Nobody(), VirtualClock(loop), WANTED))
    headers = dict(seen[0].headers)
    moment = int(headers["webhook-timestamp"])
    signed = sign(b"n" * 32, headers["webhook-id"], moment, seen[0].body)
    assert headers["webhook-signature"] == signed


@pytest.mark.parametrize("bytes_kept", [b"", b"no report", zlib.compress(b"{}")])
def test_what_is_no_report_is_told_as_such(bytes_kept: bytes) -> None:
    with pytest.raises(UnreadableReport):
        kept_report(bytes_kept)
