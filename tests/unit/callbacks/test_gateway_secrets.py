"""What is kept and said of a reply shows no token that the backend put into it."""

from __future__ import annotations

import pytest

from meganodes.callbacks.calls import Attempt
from meganodes.callbacks.egress import Egress, EgressRules
from meganodes.callbacks.exchange import Exchange, Exchanged
from meganodes.callbacks.gateway import HttpGateway
from meganodes.callbacks.scripted import ScriptedTransport, answered
from meganodes.callbacks.settings import CallbackSettings
from meganodes.kit.clock import ManualClock
from meganodes.kit.identity import SeededIdentity
from meganodes.protocol.commands import Command
from tests.support.callback_urls import NameService
from tests.support.calls import a_call, a_view


async def attempt_answered(body: bytes) -> Attempt:
    """Send one bet to a backend that answers so."""

    async def script(exchange: Exchange) -> Exchanged:
        return answered(exchange, body)

    clock, egress = ManualClock(), Egress(EgressRules(), NameService())
    transport = ScriptedTransport(script, clock)
    gateway = HttpGateway(transport, egress, clock, SeededIdentity(1), CallbackSettings())
    return await gateway.send(a_view(), a_call(Command.BET, attempt=1))


@pytest.mark.security("leakage")
@pytest.mark.rule("3.5-secrets-masked")
@pytest.mark.parametrize(
    "body",
    [
        b'{"result":0,"status":"%b","data":{"account":"player_1","balance":1.00}}',
        b'{"result":0,"status":"OK","%b":1,"data":{"account":"player_1","balance":1.00}}',
        b'{"result":0,"status":"OK","data":{"account":"player_1","balance":1.00,"%b":1}}',
        b'{"result":31,"status":"ERROR","data":{"balance":"Callback-Token: %b"}}',
        b'{"result":"%b","status":"OK","data":{}}',
        b"%b",
    ],
)
async def test_sentences_about_a_reply_quote_no_token(body: bytes) -> None:
    token = "mnc_4k7NcanaryQ2x9ZpLr0sT6uVwXyAbCdEfGhIjKlMnOpQrStUvWxYz01234"
    for presented in (token, "\\u006d" + token[1:]):
        attempt = await attempt_answered(body.replace(b"%b", presented.encode()))
        sentences = f"{attempt.notes} {attempt.faults} {attempt.reply} {attempt.outcome}"
        assert token[12:24] not in sentences
