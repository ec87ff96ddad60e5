"""``meganodes agent certify``: the hub tries an agent's backend itself and keeps the report."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from meganodes.bootstrap.wiring import Office, certification_line
from meganodes.callbacks.egress import BadTarget
from meganodes.certification.report import Report
from meganodes.certification.report_json import to_json
from meganodes.certification.reports.text import write_text
from meganodes.cli.certify_progress import case_progress
from meganodes.cli.context import person, run_in_office
from meganodes.cli.output import FAILED, WRONG_USAGE, fail, print_json, say
from meganodes.directory.certifications import Certifications
from meganodes.directory.records import Agent
from meganodes.hub.certifying import Wanted, to_keep
from meganodes.hub.certifying import certify as certified
from meganodes.protocol.money import AmountError, parse_amount


def certify(  # noqa: PLR0913 - the options of the published command
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The agent's name.")],
    *,
    account: Annotated[str, typer.Option(help="An active account that holds some money.")],
    blocked_account: Annotated[str | None, typer.Option(help="An account that is locked.")] = None,
    max_amount: Annotated[
        str | None, typer.Option(help="Most money a case may have at stake, such as 1.00.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Certify the agent's backend with its own token, and keep the report for its approval."""
    asked = partial(
        _kept, name=name, account=account, blocked_account=blocked_account, max_amount=max_amount
    )
    report = run_in_office(context, asked)
    if as_json:
        print_json(to_json(report))
    else:
        typer.echo(write_text(report), nl=False)
        say(f"The report is kept with agent {name}.")
    if not report.passed:
        raise typer.Exit(FAILED)


async def _kept(
    office: Office, *, name: str, account: str, blocked_account: str | None, max_amount: str | None
) -> Report:
    agent = office.directory.agent_by_name(name)
    if agent is None:
        fail([f"there is no agent called {name}"])
    wanted = Wanted(
        account=account,
        blocked_account=blocked_account,
        max_amount_minor=None if max_amount is None else _minor(max_amount, agent),
    )
    try:
        line = certification_line(office, agent.callback_url)
    except BadTarget as refusal:
        fail([f"callback_url: {refusal.reason}"])
    async with line:
        with case_progress() as progress:
            report = await certified(agent, line, office.clock, wanted, progress)
    await Certifications(office.staff).keep(to_keep(agent, report), person())
    return report


def _minor(text: str, agent: Agent) -> int:
    try:
        return parse_amount(text, agent.currency.exponent)
    except AmountError as error:
        fail([f"--max-amount: {error.reason}"], status=WRONG_USAGE)
