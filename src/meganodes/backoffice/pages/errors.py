"""API Error Logs: callbacks that were not accepted, by cause, each with the way to mend it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from meganodes.backoffice.diagnoses import diagnoses_of
from meganodes.backoffice.page import Answer, AnyPage, Missing, Page, Show, Visit
from meganodes.backoffice.periods import asked_period
from meganodes.hub.api_log import between, errors_by_cause, logged_attempt
from meganodes.hub.attempt_causes import Cause
from meganodes.journal.attempt_log import AttemptFilter
from meganodes.protocol.commands import Command

if TYPE_CHECKING:
    from meganodes.certification.diagnosis import Diagnosis
    from meganodes.hub.api_log import ErrorReport

RANGES_MS: Final = {
    "1h": 3_600_000,
    "24h": 86_400_000,
    "7d": 7 * 86_400_000,
    "90d": 90 * 86_400_000,
}
"""How far back the page looks; the log keeps 90 days in full (contract 3.5)."""


async def show_errors(visit: Visit) -> Answer:
    """Show the errors of a time by cause, most first."""
    period = asked_period(visit)
    wanted_range = visit.query("range", "24h")
    if wanted_range not in RANGES_MS:
        wanted_range = "24h"
    from_ms, to_ms = period.from_ms, period.to_ms
    if from_ms is None and to_ms is None:
        from_ms = visit.office.hub.clock.now_ms() - RANGES_MS[wanted_range]
    command = visit.query("command")
    wanted = between(AttemptFilter(not_accepted=True, command=command), from_ms, to_ms)
    report = await errors_by_cause(visit.office.hub, visit.own_agent.agent_id, wanted)
    values = {
        "report": report,
        "diagnoses": await _diagnoses(visit, report),
        "period": period,
        "range": wanted_range,
        "ranges": tuple(RANGES_MS),
        "command": command,
        "commands": tuple(Command),
    }
    return Show(template="errors/list.html", values=values)


async def _diagnoses(visit: Visit, report: ErrorReport) -> dict[int, Diagnosis]:
    """Say what is gravest in the newest error of each cause, by the number of its entry."""
    agent = visit.own_agent
    found = {}
    for each in report.causes:
        attempt = await logged_attempt(visit.office.hub, agent.agent_id, each.sample_id)
        diagnoses = () if attempt is None else diagnoses_of(attempt, agent)
        if diagnoses and not diagnoses[0].tolerated:
            found[each.sample_id] = diagnoses[0]
    return found


async def list_causes(_visit: Visit) -> Answer:
    """Explain every cause there is."""
    return Show(template="errors/help.html", values={"causes": tuple(Cause)})


async def explain(visit: Visit) -> Answer:
    """Explain one cause: what it means, what the hub does, how it is mended."""
    sought = visit.request.path_params["cause"]
    cause = next((each for each in Cause if each.value == sought), None)
    if cause is None:
        return Missing()
    return Show(template="errors/cause.html", values={"cause": cause})


PAGES: tuple[AnyPage, ...] = (
    Page(path="/a/{agent_id}/errors", title="API Error Logs", answer=show_errors),
    Page(path="/help", title="Causes of errors", answer=list_causes),
    Page(path="/help/{cause}", title="Cause of an error", answer=explain),
)
