"""``meganodes staff``: the people who work in the Back Office."""

from __future__ import annotations

from typing import Annotated

import typer

from meganodes.bootstrap.wiring import Office
from meganodes.cli.context import options_of, person, run_in_office
from meganodes.cli.output import show, show_rows
from meganodes.directory.faults import DirectoryFault, FieldFault
from meganodes.directory.staff import WELCOME, WELCOME_MINUTES, NewMember
from meganodes.directory.staff_records import Role, StaffMember, StaffState
from meganodes.directory.staff_sign_in import ENTER

app = typer.Typer(help="Staff: people who work in the Back Office.", no_args_is_help=True)

_ENTER_MINUTES = 60

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Email = Annotated[str, typer.Argument(help="The e-mail address.")]


@app.command()
def add(  # noqa: PLR0913 - the options of the published command
    context: typer.Context,
    email: Email,
    *,
    role: Annotated[Role, typer.Option(help="What they may do.")],
    agent: Annotated[
        str | None, typer.Option(help="The agent they work for; without it the hub's own team.")
    ] = None,
    time_zone: Annotated[str, typer.Option(help="An IANA name like Europe/Madrid.")] = "UTC",
    as_json: Json = False,
) -> None:
    """Invite somebody, and print the link that lets them choose a password, once."""

    async def work(office: Office) -> tuple[int, str]:
        agent_id = None if agent is None else _agent_id(office, agent)
        new = NewMember(email=email, role=role, agent_id=agent_id, time_zone=time_zone)
        code = await office.staff.invite(new, person())
        return (await _member(office, email)).staff_id, code.reveal()

    staff_id, code = run_in_office(context, work)
    made = {"staff_id": staff_id, "email": email, "link": _link(context, code)}
    show(made, as_json=as_json, title=f"{email} is invited. The link works once, for 24 hours:")


@app.command()
def link(
    context: typer.Context,
    email: Email,
    *,
    enter: Annotated[
        bool, typer.Option("--enter", help="A link that signs in by itself (demonstrations).")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print a new one-time link: for somebody who lost the password or the invitation."""

    async def work(office: Office) -> str:
        member = await _member(office, email)
        if enter and member.role is Role.ADMIN:
            sentence = "an administrator signs in with a second factor: leave out --enter"
            raise DirectoryFault([FieldFault("enter", sentence)])
        if enter and member.state is not StaffState.ACTIVE:
            await office.staff.set_state(member.staff_id, StaffState.ACTIVE, person())
        purpose, minutes = (ENTER, _ENTER_MINUTES) if enter else (WELCOME, WELCOME_MINUTES)
        return (await office.staff.new_code(member.staff_id, purpose, minutes, person())).reveal()

    made = {"email": email, "link": _link(context, run_in_office(context, work))}
    show(made, as_json=as_json, title="The link works once:")


@app.command()
def disable(context: typer.Context, email: Email) -> None:
    """Let somebody in no more; their sessions end at once."""

    async def work(office: Office) -> None:
        member = await _member(office, email)
        await office.staff.set_state(member.staff_id, StaffState.DISABLED, person())

    run_in_office(context, work)
    typer.echo(f"{email} is disabled.")


@app.command("list")
def list_staff(context: typer.Context, *, as_json: Json = False) -> None:
    """List everybody with role, agent and state."""

    async def work(office: Office) -> list[dict[str, object]]:
        return [_shown(office, each) for each in await office.staff.members()]

    columns = ("staff_id", "email", "role", "agent", "state", "second_factor")
    empty = "Nobody yet. Invite the first administrator: meganodes staff add EMAIL --role admin"
    show_rows(columns, run_in_office(context, work), as_json=as_json, empty=empty)


def _shown(office: Office, member: StaffMember) -> dict[str, object]:
    agent = None if member.agent_id is None else office.directory.agent(member.agent_id)
    return {
        "staff_id": member.staff_id,
        "email": member.email,
        "role": member.role.value,
        "agent": agent.name if agent else "",
        "state": member.state.value,
        "second_factor": member.has_totp,
    }


def _agent_id(office: Office, name: str) -> int:
    agent = office.directory.agent_by_name(name)
    if agent is None:
        raise DirectoryFault([FieldFault("agent", f"there is no agent called {name}")])
    return agent.agent_id


async def _member(office: Office, email: str) -> StaffMember:
    for member in await office.staff.members():
        if member.email.lower() == email.lower():
            return member
    raise DirectoryFault([FieldFault("email", f"{email} is no member of staff")])


def _link(context: typer.Context, code: str) -> str:
    public_url = options_of(context).settings().public_url.rstrip("/")
    return f"{public_url}/office/welcome?code={code}"
