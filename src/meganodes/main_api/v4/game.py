"""/v4/game: what can be played, and the address that opens a game for a user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typing_extensions import TypedDict

from meganodes.directory.maintenance import status_at
from meganodes.hub import launch
from meganodes.hub.languages import localised
from meganodes.hub.refusal import Refusal
from meganodes.main_api.v4.endpoint import ApiCall, Endpoint
from meganodes.main_api.v4.envelope import Answer, Ready, done, refused
from meganodes.main_api.v4.schemas import GamesBody, GameUrlBody, LangBody
from meganodes.protocol.codes import ApiCode

if TYPE_CHECKING:
    from meganodes.directory.records import Game, Provider


class ProviderItem(TypedDict):
    """An item of game/providers. `status` is 1 (normal) or 2 (maintenance)."""

    provider_id: int
    provider_name: str
    locale_name: str
    status: int


class GameItem(TypedDict):
    """An item of game/games. `category` is `Slots`, `Live` or `mini`."""

    provider_id: int
    game_code: str
    game_name: str
    locale_name: str
    game_image: str
    game_image_narrow: str
    launch_enable: bool
    category: str
    sub_category: str
    reg_date: str


class GameAddress(TypedDict):
    """Data of game/game-url: valid for 10 minutes and one opening."""

    game_url: str


async def list_providers(call: ApiCall, body: LangBody) -> Answer:
    """Answer game/providers: those assigned to the agent, in every status."""
    assigned = call.hub.directory.providers_of(call.agent.agent_id)
    now_ms = call.hub.clock.now_ms()
    return done([_provider_item(each, body.lang, now_ms) for each in assigned])


async def list_games(call: ApiCall, body: GamesBody) -> Answer:
    """Answer game/games; 2007 unless the provider is assigned to the agent."""
    directory = call.hub.directory
    if not directory.is_assigned(call.agent.agent_id, body.provider_id):
        return Answer(ApiCode.PROVIDER_NOT_FOUND)
    games = directory.games_of(body.provider_id)
    return done([game_item(each, body.lang) for each in games])


async def list_all_games(call: ApiCall, body: LangBody) -> Ready:
    """Answer game/all: the items of game/games for every assigned provider."""
    return await call.all_games.answer(call.agent.agent_id, body.lang, call.headers)


async def give_game_url(call: ApiCall, body: GameUrlBody) -> Answer:
    """Answer game/game-url."""
    wanted = launch.GameWanted(
        user_code=body.user_code,
        provider_id=body.provider_id,
        game_code=body.game_symbol,
        lang=body.lang,
        return_url=body.return_url,
    )
    given = await launch.game_url(call.hub, call.agent, wanted)
    if isinstance(given, Refusal):
        return refused(given)
    address: GameAddress = {"game_url": given.url}
    return done(address)


def _provider_item(provider: Provider, lang: int, now_ms: int) -> ProviderItem:
    return {
        "provider_id": provider.provider_id,
        "provider_name": provider.name,
        "locale_name": localised(provider.name, provider.names, lang),
        "status": status_at(provider, now_ms).value,
    }


def game_item(game: Game, lang: int) -> GameItem:
    """Make the item of a game in a language."""
    return {
        "provider_id": game.provider_id,
        "game_code": game.game_code,
        "game_name": game.name,
        "locale_name": localised(game.name, game.names, lang),
        "game_image": game.image,
        "game_image_narrow": game.image_narrow,
        "launch_enable": game.launch_enable,
        "category": game.category.value,
        "sub_category": game.sub_category,
        "reg_date": game.reg_date,
    }


ENDPOINTS = (
    Endpoint(
        path="/v4/game/providers",
        summary="The providers assigned to the agent.",
        body=LangBody,
        answer=list_providers,
        data=list[ProviderItem],
    ),
    Endpoint(
        path="/v4/game/games",
        summary="The games of one provider.",
        body=GamesBody,
        answer=list_games,
        data=list[GameItem],
        codes=(ApiCode.PROVIDER_NOT_FOUND,),
    ),
    Endpoint(
        path="/v4/game/all",
        summary="The games of all providers assigned to the agent.",
        body=LangBody,
        answer=list_all_games,
        data=list[GameItem],
        has_etag=True,
    ),
    Endpoint(
        path="/v4/game/game-url",
        summary="An address that opens a game for a user: valid for 10 minutes and one opening.",
        body=GameUrlBody,
        answer=give_game_url,
        data=GameAddress,
        codes=(
            ApiCode.UNDER_MAINTENANCE,
            ApiCode.PERMISSION_ERROR,
            ApiCode.CALLBACK_ERROR,
            ApiCode.USER_NOT_FOUND,
            ApiCode.GAME_NOT_FOUND,
            ApiCode.PROVIDER_NOT_FOUND,
            ApiCode.CURRENCY_NOT_SUPPORTED,
        ),
    ),
)
