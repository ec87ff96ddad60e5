"""/v4/wallet: transfers of money to the hub, which a seamless agent does not have, by design."""

from __future__ import annotations

from meganodes.main_api.v4.endpoint import ApiCall, Endpoint
from meganodes.main_api.v4.envelope import Answer
from meganodes.main_api.v4.schemas import NoFields
from meganodes.protocol.codes import ApiCode


async def no_wallet(_call: ApiCall, _body: NoFields) -> Answer:
    """Answer 1010: the money stays in the agent's own wallet (contract 2.2)."""
    return Answer(ApiCode.PERMISSION_ERROR)


ENDPOINTS = tuple(
    Endpoint(
        path=f"/v4/wallet/{movement}",
        summary="Always 1010: a seamless agent has no wallet at the hub.",
        body=NoFields,
        answer=no_wallet,
        data=None,
        codes=(ApiCode.PERMISSION_ERROR,),
    )
    for movement in ("deposit", "withdraw", "withdraw-all")
)
