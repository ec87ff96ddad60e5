"""/v4/game/round-details: the address of the page that shows what became of a round."""

from __future__ import annotations

from typing_extensions import TypedDict

from meganodes.hub import round_page
from meganodes.hub.refusal import Refusal
from meganodes.main_api.v4.endpoint import ApiCall, Endpoint
from meganodes.main_api.v4.envelope import Answer, done, refused
from meganodes.main_api.v4.schemas import RoundDetailsBody
from meganodes.protocol.codes import ApiCode


class RoundAddress(TypedDict):
    """Data of game/round-details: a signed address, good for an hour."""

    url: str


async def give_round_url(call: ApiCall, body: RoundDetailsBody) -> Answer:
    """Answer game/round-details."""
    wanted = round_page.RoundWanted(
        user_code=body.user_code,
        round_id=body.round_id,
        provider_id=body.provider_id,
        game_code=body.game_code,
    )
    given = await round_page.round_url(call.hub, call.agent, wanted)
    if isinstance(given, Refusal):
        return refused(given)
    address: RoundAddress = {"url": given.url}
    return done(address)


ENDPOINTS = (
    Endpoint(
        path="/v4/game/round-details",
        summary="The address of a page that shows a round's transactions: good for an hour.",
        body=RoundDetailsBody,
        answer=give_round_url,
        data=RoundAddress,
        codes=(ApiCode.PERMISSION_ERROR, ApiCode.USER_NOT_FOUND, ApiCode.ROUND_NOT_FOUND),
        when_suspended=True,
    ),
)
