"""Runs the cases one after another and makes the report."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace

from meganodes.certification.bench import Bench
from meganodes.certification.case import (
    Case,
    CaseFailed,
    NotApplicable,
    NotJudged,
    Section,
    Verdict,
)
from meganodes.certification.cases import CASES, EDITION
from meganodes.certification.clock import Clock
from meganodes.certification.report import CaseReport, Report
from meganodes.certification.seeded import Seeded
from meganodes.certification.sending import Line
from meganodes.certification.target import Target
from meganodes.certification.transport import Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Told before each case and after it."""

    case: Case
    number: int
    """Of the case in this run, counted from 1."""
    total: int
    report: CaseReport | None
    """None before the case."""


def _tell_nobody(_: Progress) -> None:
    return


def choose(only: Collection[str], cases: Sequence[Case] = CASES) -> tuple[Case, ...]:
    """Give the cases with these ids or of these sections, and all that they stand on.

    Nothing chosen is everything; raises `LookupError` with the words that name nothing.
    """
    if not only:
        return tuple(cases)
    known = {case.id for case in cases} | {str(case.section) for case in cases}
    if strangers := sorted(set(only) - known):
        raise LookupError(", ".join(strangers))
    wanted = {case.id for case in cases if case.id in only or str(case.section) in only}
    for case in reversed(cases):  # what a case needs stands before it
        if case.id in wanted:
            wanted.update(case.needs)
    return tuple(case for case in cases if case.id in wanted)


async def run(  # noqa: PLR0913 - the published call; three have usual values
    target: Target,
    transport: Transport,
    clock: Clock,
    *,
    seed: int = 0,
    only: Collection[str] = (),
    progress: Callable[[Progress], None] = _tell_nobody,
) -> Report:
    """Certify one backend; ``only`` names cases or sections, and everything when empty."""
    chosen = choose(only)
    started_ms, began = clock.now_ms(), clock.monotonic()
    seeded = Seeded(seed, started_ms)
    line = Line(target=target, transport=transport, clock=clock, seeded=seeded)
    before = await _held(line)
    reports: dict[str, CaseReport] = {}
    for number, case in enumerate(chosen, 1):
        told = Progress(case=case, number=number, total=len(chosen), report=None)
        progress(told)
        reports[case.id] = await _judge(line, case, reports)
        progress(replace(told, report=reports[case.id]))
    after = await _held(line)
    return Report(
        url=target.url,
        account=target.account,
        revision=target.revision,
        currency=target.currency.code,
        seed=seed,
        started_ms=started_ms,
        duration_seconds=clock.monotonic() - began,
        edition=EDITION,
        cases=tuple(sorted(reports.values(), key=_place)),
        whole=len(chosen) == len(CASES),
        left_over_minor=None if before is None or after is None else after - before,
    )


def _place(report: CaseReport) -> tuple[int, str]:
    """Sort by section: cases run in another order where they stand on later ones."""
    return list(Section).index(report.section), report.id


async def _held(line: Line) -> int | None:
    """Ask what the account holds, outside of all cases; None where no reply tells it."""
    return (await Bench(line).balance()).balance_minor


async def _judge(line: Line, case: Case, earlier: dict[str, CaseReport]) -> CaseReport:
    report = CaseReport(
        id=case.id,
        section=case.section,
        title=case.title,
        rule=case.rule,
        money=case.money,
        verdict=Verdict.PASSED,
    )
    revision = line.target.revision
    if revision not in case.revisions:
        reason = f"Revision {revision} has nothing to try here."
        return replace(report, verdict=Verdict.NOT_APPLICABLE, reason=reason)
    missing = [earlier[need] for need in case.needs if earlier[need].verdict is not Verdict.PASSED]
    for stone in missing:
        if stone.verdict is Verdict.NOT_APPLICABLE:
            return replace(report, verdict=Verdict.NOT_APPLICABLE, reason=stone.reason)
    if missing:
        reason = f"It stands on {', '.join(stone.id for stone in missing)}, which did not pass."
        return replace(report, verdict=Verdict.NOT_JUDGED, reason=reason)
    return await _tried(line, case, report)


async def _tried(line: Line, case: Case, report: CaseReport) -> CaseReport:
    bench, began = Bench(line), line.clock.monotonic()
    try:
        await case.run(bench)
    except CaseFailed as failed:
        report = replace(report, verdict=Verdict.FAILED, finding=failed.finding)
    except NotApplicable as nothing:
        report = replace(report, verdict=Verdict.NOT_APPLICABLE, reason=nothing.reason)
    except NotJudged as untried:
        report = replace(report, verdict=Verdict.NOT_JUDGED, reason=untried.reason)
    await bench.give_back()
    return replace(
        report,
        steps=bench.sender.steps,
        observed=bench.observed,
        duration_seconds=line.clock.monotonic() - began,
    )
