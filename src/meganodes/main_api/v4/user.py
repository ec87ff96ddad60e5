"""/v4/user: players of the calling agent."""

from __future__ import annotations

from typing_extensions import TypedDict

from meganodes.hub import accounts
from meganodes.hub.refusal import Refusal
from meganodes.main_api.v4.endpoint import ApiCall, Endpoint
from meganodes.main_api.v4.envelope import Answer, done, refused
from meganodes.main_api.v4.schemas import Amount, UserCodeBody, UserCreateBody
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.wire import Exact


class UserNumber(TypedDict):
    """Data of user/create."""

    user_code: int
    is_new_user: bool


class UserBalance(TypedDict):
    """Data of user/info."""

    name: str
    balance: Amount


async def create_user(call: ApiCall, body: UserCreateBody) -> Answer:
    """Answer user/create."""
    created = await accounts.create_user(call.hub, call.agent, body.name)
    if isinstance(created, Refusal):
        return refused(created)
    number: UserNumber = {"user_code": created.user_code, "is_new_user": created.is_new}
    return done(number)


async def tell_user(call: ApiCall, body: UserCodeBody) -> Answer:
    """Answer user/info."""
    found = await accounts.user_info(call.hub, call.agent, body.user_code)
    if isinstance(found, Refusal):
        return refused(found)
    exponent = call.agent.currency.exponent
    balance: UserBalance = {"name": found.name, "balance": Exact(found.balance_minor, exponent)}
    return done(balance)


ENDPOINTS = (
    Endpoint(
        path="/v4/user/create",
        summary="Make a user known to the hub, or find the one of this name.",
        body=UserCreateBody,
        answer=create_user,
        data=UserNumber,
        codes=(ApiCode.CALLBACK_ERROR,),
    ),
    Endpoint(
        path="/v4/user/info",
        summary="A user's name, and the balance as the agent's backend reports it now.",
        body=UserCodeBody,
        answer=tell_user,
        data=UserBalance,
        codes=(ApiCode.PERMISSION_ERROR, ApiCode.CALLBACK_ERROR, ApiCode.USER_NOT_FOUND),
    ),
)
