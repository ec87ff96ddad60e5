"""Users of an agent and their games under way: looked at, ended, blocked (contract 1 and 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from meganodes.backoffice.messages import listed, say
from meganodes.backoffice.numbers import number_of
from meganodes.backoffice.office import OFFICE_PATH
from meganodes.backoffice.page import (
    Answer,
    AnyPage,
    Form,
    FormFaults,
    GoTo,
    Missing,
    NoForm,
    Page,
    Show,
    Visit,
)
from meganodes.backoffice.permissions import Right
from meganodes.hub.online import ACTIVE_MS

if TYPE_CHECKING:
    from meganodes.directory.records import Session, User

PAGE_SIZE: Final = 50
CONNECTIONS_MAX: Final = 500
_DAY_MS: Final = 86_400_000


class ReasonForm(Form):
    """Why; it goes into the audit log."""

    reason: Annotated[
        str,
        Field(
            min_length=3, max_length=500, description=listed("a reason of at least 3 characters")
        ),
    ]


async def list_users(visit: Visit) -> Answer:
    """Show an agent's users by name; a number finds its user at once."""
    agent_id = visit.own_agent.agent_id
    directory = visit.office.hub.directory
    sought, after = visit.query("q"), visit.query("after")
    number = number_of(sought)
    by_number = None if number is None else await directory.user(number)
    if by_number is not None and by_number.agent_id == agent_id:
        return GoTo(path=_user_path(by_number))
    found = await directory.users_page(agent_id, sought, after, PAGE_SIZE + 1)
    values = {
        "users": found[:PAGE_SIZE],
        "sought": sought,
        "next": found[PAGE_SIZE - 1].name if len(found) > PAGE_SIZE else None,
        "is_first": not after,
    }
    return Show(template="users/list.html", values=values)


async def show_user(visit: Visit) -> Answer:
    """Show one user: the number, the name, sessions of the last day; the hub knows no more."""
    user = await _user(visit)
    if user is None:
        return Missing()
    since_ms = visit.office.hub.clock.now_ms() - _DAY_MS
    sessions = await visit.office.hub.directory.active_sessions(user.agent_id, since_ms)
    own = [each for each in reversed(sessions) if each.user_code == user.user_code]
    values = {"title": user.name, "user": user, "sessions": _shown(visit, own)}
    return Show(template="users/user.html", values=values)


async def block(visit: Visit, form: ReasonForm) -> Answer:
    """Let a user play no more: no launches and no bets; wins and cancels are still delivered."""
    return await _set_blocked(visit, form.reason, blocked=True)


async def unblock(visit: Visit, form: ReasonForm) -> Answer:
    """Let a user play again."""
    return await _set_blocked(visit, form.reason, blocked=False)


async def show_connections(visit: Visit) -> Answer:
    """Show the sessions in use; the list keeps itself fresh."""
    since_ms = visit.office.hub.clock.now_ms() - ACTIVE_MS
    sessions = await visit.office.hub.directory.active_sessions(visit.own_agent.agent_id, since_ms)
    running = [each for each in sessions if each.ended_at_ms is None]
    running.sort(key=lambda each: each.last_call_at_ms, reverse=True)
    values = {
        "sessions": _shown(visit, running[:CONNECTIONS_MAX]),
        "total": len(running),
        "shown_max": CONNECTIONS_MAX,
    }
    return Show(template="users/connections.html", values=values)


async def end_session(visit: Visit, _form: NoForm) -> Answer:
    """End a session: no more bets in it; wins and cancels of it are still served."""
    number = number_of(visit.request.path_params["gplay_id"])
    since_ms = visit.office.hub.clock.now_ms() - _DAY_MS
    directory = visit.office.hub.directory
    sessions = await directory.active_sessions(visit.own_agent.agent_id, since_ms)
    found = next((each for each in sessions if each.gplay_id == number), None)
    if found is None:
        return Missing()
    await directory.end_session(found.gplay_id, visit.actor)
    path = f"{OFFICE_PATH}/a/{visit.own_agent.agent_id}/connections"
    number_text, name = str(found.gplay_id), found.account
    said = say("Session %(number)s of %(name)s has ended.", number=number_text, name=name)
    return GoTo(path=path, toast=said)


async def _set_blocked(visit: Visit, reason: str, *, blocked: bool) -> Answer:
    user = await _user(visit)
    if user is None:
        raise FormFaults({"user_code": say("There is no such user.")})
    directory = visit.office.hub.directory
    await directory.block_user(user.user_code, visit.actor, reason, blocked=blocked)
    said = (
        say("%(name)s is blocked.", name=user.name)
        if blocked
        else say("%(name)s may play again.", name=user.name)
    )
    return GoTo(path=_user_path(user), toast=said)


async def _user(visit: Visit) -> User | None:
    number = number_of(visit.request.path_params["user_code"])
    found = None if number is None else await visit.office.hub.directory.user(number)
    return found if found is not None and found.agent_id == visit.own_agent.agent_id else None


def _user_path(user: User) -> str:
    return f"{OFFICE_PATH}/a/{user.agent_id}/users/{user.user_code}"


def _shown(visit: Visit, sessions: list[Session]) -> list[dict[str, object]]:
    directory = visit.office.hub.directory
    shown = []
    for each in sessions:
        provider = directory.provider(each.provider_id)
        game = directory.game(each.provider_id, each.game_code)
        shown.append(
            {
                "session": each,
                "provider": provider.name if provider else str(each.provider_id),
                "game": game.name if game else each.game_code,
            }
        )
    return shown


PAGES: tuple[AnyPage, ...] = (
    Page(path="/a/{agent_id}/users", title="Users", answer=list_users),
    Page(path="/a/{agent_id}/users/{user_code}", title="User", answer=show_user),
    Page(
        path="/a/{agent_id}/users/{user_code}/block",
        title="User",
        answer=block,
        form=ReasonForm,
        right=Right.MANAGE_USERS,
        back=show_user,
    ),
    Page(
        path="/a/{agent_id}/users/{user_code}/unblock",
        title="User",
        answer=unblock,
        form=ReasonForm,
        right=Right.MANAGE_USERS,
        back=show_user,
    ),
    Page(path="/a/{agent_id}/connections", title="Game Connections", answer=show_connections),
    Page(
        path="/a/{agent_id}/connections/{gplay_id}/end",
        title="Game Connections",
        answer=end_session,
        form=NoForm,
        right=Right.MANAGE_USERS,
        back=show_connections,
    ),
)
