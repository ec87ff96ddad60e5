"""What a run has found, as records; `report_json.py` writes and reads them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from meganodes.certification.case import Finding, Rule, Section, Step, Verdict
from meganodes.protocol.commands import Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseReport:
    """What became of one case."""

    id: str
    section: Section
    title: str
    rule: Rule
    money: bool
    verdict: Verdict
    reason: str = ""
    """Why it was not judged or does not apply, as a sentence."""
    finding: Finding | None = None
    """Why it failed."""
    steps: tuple[Step, ...] = ()
    observed: Mapping[str, str] = field(default_factory=dict)
    """What the case has learnt about the backend besides, such as `duplicates` = `41`."""
    duration_seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole run."""

    url: str
    account: str
    revision: Revision
    currency: str
    seed: int
    started_ms: int
    duration_seconds: float
    edition: int
    """Of the list of cases: it rises when cases are added or judge differently."""
    cases: tuple[CaseReport, ...]
    whole: bool
    """Whether every case was asked for, not a selection."""
    left_over_minor: int | None = None
    """What the account holds now more (or less) than before; None when it could not be read."""

    @property
    def findings(self) -> tuple[CaseReport, ...]:
        """The cases that failed."""
        return tuple(case for case in self.cases if case.verdict is Verdict.FAILED)

    @property
    def money_findings(self) -> tuple[CaseReport, ...]:
        """The cases that failed and are about money: with one of them no agent is approved."""
        return tuple(case for case in self.findings if case.money)

    @property
    def passed(self) -> bool:
        """Whether something was judged and nothing failed or stayed unjudged."""
        verdicts = {case.verdict for case in self.cases}
        return Verdict.PASSED in verdicts and not verdicts & {Verdict.FAILED, Verdict.NOT_JUDGED}

    @property
    def certified(self) -> bool:
        """Whether the backend may meet real money: a whole run, and all of it passed."""
        return self.whole and self.passed

    def counts(self) -> dict[Verdict, int]:
        """How many cases have each verdict."""
        return {verdict: sum(case.verdict is verdict for case in self.cases) for verdict in Verdict}
