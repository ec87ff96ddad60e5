"""``meganodes agent``: casinos, their settings, their states and their tokens."""

from __future__ import annotations

import json
from functools import partial
from typing import Annotated, cast

import typer

from meganodes.bootstrap.wiring import Office
from meganodes.cli.agent_certify import certify
from meganodes.cli.context import person, run_in_office
from meganodes.cli.output import WRONG_USAGE, fail, print_json, say, show, show_rows
from meganodes.directory.agents import ALL, AgentChanges
from meganodes.directory.certifications import Certifications
from meganodes.directory.records import Agent, AgentState, NewAgent, TokenKind
from meganodes.protocol.commands import Revision

app = typer.Typer(help="Agents: casinos that take their games here.", no_args_is_help=True)
app.command()(certify)

Name = Annotated[str, typer.Argument(help="The agent's name.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command()
def add(  # noqa: PLR0913 - the options of the published command
    context: typer.Context,
    name: Name,
    *,
    currency: Annotated[str, typer.Option(help="ISO code such as EUR; never changes afterwards.")],
    callback_url: Annotated[str, typer.Option(help="Where the agent's backend answers.")],
    revision: Annotated[Revision, typer.Option(help="Wire of the callbacks.")] = Revision.GUID,
    parent: Annotated[str | None, typer.Option(help="Name of the parent agent.")] = None,
    time_zone: Annotated[str, typer.Option(help="IANA zone of its reports.")] = "UTC",
    as_json: Json = False,
) -> None:
    """Set an agent up and print its secrets, once."""

    async def work(office: Office) -> dict[str, object]:
        new = NewAgent(
            name=name,
            currency=currency,
            callback_url=callback_url,
            revision=revision,
            parent=parent,
            time_zone=time_zone,
        )
        made = await office.directory.add_agent(new, actor=person())
        return {
            "agent_id": made.agent_id,
            "api_token": made.api_token.reveal(),
            "callback_token": made.callback_token.reveal(),
            "signing_secret": made.signing_secret.reveal(),
        }

    made = run_in_office(context, work)
    show(made, as_json=as_json, title=f"Agent {name} is set up. These secrets are shown once:")
    if not as_json:
        say(f"It is unapproved: test its backend, then run: meganodes agent approve {name}")


@app.command("set")
def change(  # noqa: PLR0913 - one option for each setting
    context: typer.Context,
    name: Name,
    *,
    callback_url: Annotated[str | None, typer.Option(help="New callback URL.")] = None,
    revision: Annotated[Revision | None, typer.Option(help="Wire of new callbacks.")] = None,
    time_zone: Annotated[str | None, typer.Option(help="IANA zone of its reports.")] = None,
    allow_list: Annotated[
        str | None, typer.Option(help="Addresses or networks, separated by commas; '' for all.")
    ] = None,
    overdraft: Annotated[
        bool | None, typer.Option(help="Whether its backend may report negative balances.")
    ] = None,
    in_flight_max: Annotated[int | None, typer.Option(help="Calls to its backend at once.")] = None,
    retry: Annotated[
        str | None, typer.Option(help='What differs in its retry schedule: {"quick_min_ms": 500}.')
    ] = None,
) -> None:
    """Change settings of an agent; a running hub sees it within a second."""
    given: dict[str, object] = {
        "callback_url": callback_url,
        "revision": revision,
        "time_zone": time_zone,
        "allow_list": None if allow_list is None else tuple(allow_list.split(",")),
        "overdraft_allowed": overdraft,
        "in_flight_max": in_flight_max,
        "retry": None if retry is None else _json_object("--retry", retry),
    }
    changes = cast(
        "AgentChanges", {name: value for name, value in given.items() if value is not None}
    )
    if not changes:
        fail(
            ["name at least one setting to change; see: meganodes agent set --help"],
            status=WRONG_USAGE,
        )

    async def work(office: Office) -> None:
        await office.directory.set_agent(name, changes, actor=person())

    run_in_office(context, work)
    say(f"Agent {name} changed: {', '.join(changes)}")


def _json_object(option: str, text: str) -> dict[str, object]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as fault:
        fail([f"{option}: it is not JSON: {fault}"], status=WRONG_USAGE)
    if not isinstance(value, dict):
        fail([f"{option}: an object is needed"], status=WRONG_USAGE)
    return value


@app.command()
def suspend(
    context: typer.Context,
    name: Name,
    reason: Annotated[str | None, typer.Option(help="Why, for the audit.")] = None,
) -> None:
    """Stop an agent: no launch, no bets; what is owed to its players is still delivered."""
    _set_state(context, name, AgentState.SUSPENDED, reason)


@app.command()
def approve(
    context: typer.Context,
    name: Name,
    *,
    force: Annotated[bool, typer.Option(help="Approve whatever the report says.")] = False,
    reason: Annotated[str | None, typer.Option(help="Why, for the audit.")] = None,
) -> None:
    """Put an agent into business by its newest report, or by --force with a reason."""
    if not (force and reason and reason.strip()):
        fault = run_in_office(context, partial(_fault_of_approving, name=name))
        if fault is not None:
            mend = f"certify it (meganodes agent certify {name} --account ...)"
            fail([f'{fault}: {mend}, or give --force --reason "..."'])
    _set_state(context, name, AgentState.APPROVED, reason)


async def _fault_of_approving(office: Office, *, name: str) -> str | None:
    agent = office.directory.agent_by_name(name)
    if agent is None:
        return f"there is no agent called {name}"
    return await Certifications(office.staff).fault_of_approving(agent)


def _set_state(context: typer.Context, name: str, state: AgentState, reason: str | None) -> None:
    async def work(office: Office) -> None:
        await office.directory.set_agent_state(name, state, reason=reason, actor=person())

    run_in_office(context, work)
    say(f"Agent {name} is {state.value}.")


@app.command()
def reissue_token(  # noqa: PLR0913 - the options of the published command
    context: typer.Context,
    name: Name,
    *,
    kind: Annotated[TokenKind, typer.Option(help="Which secret.")] = TokenKind.API,
    overlap_hours: Annotated[
        int, typer.Option(min=0, max=72, help="Hours in which the old one still holds.")
    ] = 24,
    force: Annotated[
        bool, typer.Option("--force", help="Also while an earlier overlap is running.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Make a new token; the old one holds on for the overlap."""

    async def work(office: Office) -> str:
        secret = await office.directory.reissue_token(
            name, kind, overlap_hours, force=force, actor=person()
        )
        return secret.reveal()

    secret = run_in_office(context, work)
    title = f"New {kind.value} secret of {name}, shown once; the old one holds {overlap_hours} h:"
    show({f"{kind.value}_token": secret}, as_json=as_json, title=title)


@app.command()
def assign(
    context: typer.Context,
    name: Name,
    *,
    provider: Annotated[int | None, typer.Option(help="Number of the provider.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All providers there are.")] = False,
) -> None:
    """Let an agent see the games of a provider; without it an agent sees none."""
    if (provider is None) is not every:
        fail(["give either --provider ID or --all"], status=WRONG_USAGE)

    async def work(office: Office) -> tuple[int, ...]:
        return await office.directory.assign(
            name, ALL if provider is None else provider, actor=person()
        )

    added = run_in_office(context, work)
    numbers = ", ".join(str(number) for number in added) or "none that it had not"
    say(f"Providers assigned to {name}: {numbers}")


@app.command()
def withdraw(
    context: typer.Context,
    name: Name,
    *,
    provider: Annotated[int, typer.Option(help="Number of the provider.")],
) -> None:
    """Let an agent no longer see the games of a provider; what is open goes on."""

    async def work(office: Office) -> bool:
        agent = office.directory.agent_by_name(name)
        had_it = agent is not None and office.directory.is_assigned(agent.agent_id, provider)
        await office.directory.withdraw(name, provider, actor=person())
        return had_it

    had_it = run_in_office(context, work)
    say(
        f"{name} no longer sees provider {provider}."
        if had_it
        else f"{name} did not see provider {provider}."
    )


@app.command("list")
def list_agents(context: typer.Context, *, as_json: Json = False) -> None:
    """List all agents."""

    async def work(office: Office) -> list[dict[str, object]]:
        return [_record(agent, office) for agent in office.directory.agents()]

    columns = ("agent_id", "name", "state", "currency", "revision", "parent", "callback_url")
    empty = "No agent yet. Set one up with: meganodes agent add NAME --currency EUR ..."
    show_rows(columns, run_in_office(context, work), as_json=as_json, empty=empty)


@app.command("show")
def show_agent(context: typer.Context, name: Name, *, as_json: Json = False) -> None:
    """Show an agent's settings, without its secrets."""

    async def work(office: Office) -> dict[str, object] | None:
        agent = office.directory.agent_by_name(name)
        return None if agent is None else _record(agent, office)

    found = run_in_office(context, work)
    if found is None:
        fail([f"there is no agent called {name}"])
    if as_json:
        print_json(found)
    else:
        show(found, as_json=False)


def _record(agent: Agent, office: Office) -> dict[str, object]:
    parent = office.directory.agent(agent.parent_id) if agent.parent_id is not None else None
    return {
        "agent_id": agent.agent_id,
        "name": agent.name,
        "state": agent.state.value,
        "currency": agent.currency.code,
        "revision": agent.revision.value,
        "parent": parent.name if parent else None,
        "time_zone": agent.time_zone,
        "callback_url": agent.callback_url,
        "allow_list": list(agent.allow_list),
        "overdraft_allowed": agent.overdraft_allowed,
        "in_flight_max": agent.in_flight_max,
        "retry": dict(agent.retry),
        "providers": [p.provider_id for p in office.directory.providers_of(agent.agent_id)],
    }
