"""Opening a game for a user: the address an agent gets, and what a browser finds there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from meganodes.directory.launch_address import render_launch_url
from meganodes.directory.maintenance import is_in_maintenance
from meganodes.directory.records import (
    AgentState,
    Launch,
    LaunchFault,
    OpenedLaunch,
)
from meganodes.hub import calls
from meganodes.hub.accounts import own_user
from meganodes.hub.languages import LANGUAGES, language_number
from meganodes.hub.refusal import Refusal, callback_refusal
from meganodes.protocol.codes import ApiCode

if TYPE_CHECKING:
    from meganodes.directory.records import Agent, User
    from meganodes.hub.core import Hub
    from meganodes.kit.secrets import Secret
    from meganodes.protocol.replies import Reply

LAUNCH_PATH = "/v4/game/launch"

NOT_APPROVED = "The agent is not approved yet: games open once the hub's staff has approved it."
USER_BLOCKED = "The user is blocked by the hub's staff."
PLAY_NOT_PERMITTED = "The backend's authenticate said that this user may not play."


@dataclass(frozen=True, slots=True, kw_only=True)
class GameWanted:
    """Which game is to be opened for whom. ``lang`` 1 to 11; ``return_url`` http, https or ""."""

    user_code: int
    provider_id: int
    game_code: str
    lang: int
    return_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GameUrl:
    """The address for the player's browser: valid for 10 minutes and one opening."""

    url: str


async def game_url(hub: Hub, agent: Agent, wanted: GameWanted) -> GameUrl | Refusal:
    """Give a launch address, after the backend said yes to the account (contract 2.2, game-url)."""
    if agent.state is not AgentState.APPROVED:
        return Refusal(code=ApiCode.PERMISSION_ERROR, reason=NOT_APPROVED)
    user = await own_user(hub, agent, wanted.user_code)
    if isinstance(user, Refusal):
        return user
    if user.blocked:
        return Refusal(code=ApiCode.PERMISSION_ERROR, reason=USER_BLOCKED)
    fault = game_fault(hub, agent, wanted.provider_id, wanted.game_code)
    if fault is not None:
        return Refusal(code=fault)
    asked = await calls.authenticate(hub, agent, user.name)
    if asked.accepted is None:
        return callback_refusal(asked)
    reply = asked.attempt.reply
    assert reply is not None, "only a reply that was read is accepted"
    if reply.permissions is not None and reply.permissions.play is False:
        return Refusal(code=ApiCode.PERMISSION_ERROR, reason=PLAY_NOT_PERMITTED)
    token = await hub.directory.create_launch(_launch(hub, user, wanted, reply))
    return GameUrl(url=_address(hub, user, token))


def game_fault(hub: Hub, agent: Agent, provider_id: int, game_code: str) -> ApiCode | None:
    """Say why an agent cannot have a game opened now: 2007, 2003, 2014 or 1; None when it can."""
    provider = hub.directory.provider(provider_id)
    if provider is None or not hub.directory.is_assigned(agent.agent_id, provider_id):
        return ApiCode.PROVIDER_NOT_FOUND
    game = hub.directory.game(provider_id, game_code)
    if game is None or not game.launch_enable:
        return ApiCode.GAME_NOT_FOUND
    if provider.currencies and agent.currency.code not in provider.currencies:
        return ApiCode.CURRENCY_NOT_SUPPORTED
    if is_in_maintenance(provider, game, hub.clock.now_ms()):
        return ApiCode.UNDER_MAINTENANCE
    return None


def _launch(hub: Hub, user: User, wanted: GameWanted, reply: Reply) -> Launch:
    return Launch(
        agent_id=user.agent_id,
        user_code=user.user_code,
        account=user.name,
        provider_id=wanted.provider_id,
        game_code=wanted.game_code,
        lang=wanted.lang,
        return_url=wanted.return_url,
        permissions=reply.permissions,
        language=reply.language,
        country=reply.country,
        created_at_ms=hub.clock.now_ms(),
    )


def _address(hub: Hub, user: User, token: Secret) -> str:
    query = urlencode({"user_code": user.user_code, "g_token": token.reveal()})
    return f"{hub.settings.public_url.rstrip('/')}{LAUNCH_PATH}?{query}"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedGame:
    """A launch link that opened: the provider's address, where the browser goes now."""

    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPlayable:
    """A good launch link whose game cannot be played now; it is not used up."""

    return_url: str
    lang: int


async def open_launch(
    hub: Hub, user_code: int, g_token: str
) -> OpenedGame | NotPlayable | LaunchFault:
    """Open a launch link once: use it up, create the session, give the provider's address.

    The link is looked at first, so that it survives an agent that was suspended or a provider that
    went into maintenance after it was given out.
    """
    found = await look_at_launch(hub, user_code, g_token)
    if not isinstance(found, Launch):
        return found
    opened = await hub.directory.open_launch(g_token, user_code, hub.clock.now_ms())
    if isinstance(opened, LaunchFault):
        return opened
    return OpenedGame(location=_provider_address(hub, opened))


async def look_at_launch(
    hub: Hub, user_code: int, g_token: str
) -> Launch | NotPlayable | LaunchFault:
    """Say what opening this link would bring, without using it up (HEAD and prefetch)."""
    found = await hub.directory.peek_launch(g_token, user_code, hub.clock.now_ms())
    if isinstance(found, LaunchFault):
        return found
    agent = hub.directory.agent(found.agent_id)
    is_playable = (
        agent is not None
        and agent.state is AgentState.APPROVED
        and game_fault(hub, agent, found.provider_id, found.game_code) is None
    )
    return found if is_playable else NotPlayable(return_url=found.return_url, lang=found.lang)


def _provider_address(hub: Hub, opened: OpenedLaunch) -> str:
    session = opened.session
    agent = hub.directory.agent(session.agent_id)
    provider = hub.directory.provider(session.provider_id)
    assert agent is not None
    assert provider is not None
    values = {
        "session": opened.token.reveal(),
        "game_code": session.game_code,
        "lang": LANGUAGES[language_number(session.lang)],
        "currency": agent.currency.code,
        "return_url": session.return_url,
        "mode": "real",
        "user_code": str(session.user_code),
    }
    return render_launch_url(provider.launch_url, values)
