"""The lines and the body of one attempt (contract 3.1)."""

from __future__ import annotations

import re

import pytest

from meganodes.callbacks.egress import BadTarget, Egress, EgressRules
from meganodes.callbacks.request import PreparedAgent, envelope, fixed_headers, traceparent_of
from meganodes.kit.identity import SeededIdentity
from meganodes.kit.secrets import Secret
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.currency import currency
from meganodes.protocol.signature import sign, verify
from meganodes.protocol.wire import CALLBACK_HEADERS
from tests.support.callback_urls import NameService
from tests.support.calls import GUID, OLDER_KEY, SIGNING_KEY, TOKEN, a_call, a_view

EGRESS = Egress(EgressRules(), NameService())
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
BODY = b'{"command":"bet"}'


def headers_of(**changes: object) -> dict[str, str]:
    call = a_call(Command.BET, **changes)
    prepared = PreparedAgent(a_view(), EGRESS)
    return dict(prepared.headers(call, BODY, 1_790_000_000, 1_790_000_002_000, TRACE))


@pytest.mark.rule("3.1-header-casing", "3.3-accept-encoding")
def test_fixed_lines_have_the_casing_of_the_contract() -> None:
    assert fixed_headers(Secret("t")).wire == (
        b"Callback-Token: t\r\nAccept: application/json\r\n"
        b"Content-Type: application/json\r\nAccept-Encoding: identity\r\n"
    )


@pytest.mark.rule("3.1-header-attempt", "3.1-header-deadline", "3.1-header-traceparent")
def test_lines_of_the_attempt_follow_in_the_contract_s_order() -> None:
    headers = headers_of(attempt=3)
    assert tuple(headers) == CALLBACK_HEADERS
    assert headers["webhook-id"] == GUID
    assert headers["webhook-timestamp"] == "1790000000"
    assert headers["MegaNodes-Attempt"] == "3"
    assert headers["MegaNodes-Deadline"] == "1790000002000"
    assert headers["traceparent"] == TRACE


@pytest.mark.rule("3.1-header-signature")
def test_signature_is_that_of_the_body_and_the_attempt_s_time() -> None:
    headers = headers_of()
    assert headers["webhook-signature"] == sign(SIGNING_KEY, GUID, 1_790_000_000, BODY)
    assert headers["Callback-Token"] == TOKEN


@pytest.mark.rule("3.1-header-signature-overlap")
def test_two_signatures_go_out_while_a_rotation_overlaps() -> None:
    view = a_view(signing_secrets=(Secret(SIGNING_KEY), Secret(OLDER_KEY)))
    call = a_call(Command.BET)
    headers = dict(PreparedAgent(view, EGRESS).headers(call, BODY, 1_790_000_000, 1, TRACE))
    newest, older = headers["webhook-signature"].split(" ")
    assert newest != older
    for key in (SIGNING_KEY, OLDER_KEY):
        assert verify(
            [key],
            GUID,
            1_790_000_000,
            BODY,
            headers["webhook-signature"],
            now_seconds=1_790_000_000,
        )


@pytest.mark.parametrize(
    "bad", ["", "x", TRACE.upper(), TRACE + "\r\nX-Evil: 1", TRACE + " ", "00-zz-b7-01", "é" * 55]
)
def test_malformed_traceparent_is_replaced_by_a_fresh_one(bad: str) -> None:
    fresh = traceparent_of(a_call(Command.BET, traceparent=bad), SeededIdentity(1))
    assert fresh == traceparent_of(a_call(Command.BET), SeededIdentity(1))
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-00", fresh)


@pytest.mark.rule("3.1-header-traceparent")
def test_trace_of_the_caller_goes_on() -> None:
    call = a_call(Command.BET, traceparent=TRACE)
    assert traceparent_of(call, SeededIdentity(1)) == TRACE
    identity = SeededIdentity(1)
    fresh = {traceparent_of(a_call(Command.BET), identity) for _ in range(10)}
    assert len(fresh) == 10


@pytest.mark.parametrize("bad", ["a\r\nX-Evil: 1", "é", "\x00"])
def test_id_that_is_not_printable_is_a_defect(bad: str) -> None:
    with pytest.raises(AssertionError):
        headers_of(webhook_id=bad)


@pytest.mark.rule("3.5-secrets-masked")
def test_stored_lines_hold_neither_token_nor_signature() -> None:
    prepared = PreparedAgent(a_view(), EGRESS)
    headers = prepared.headers(a_call(Command.BET), BODY, 1_790_000_000, 1, TRACE)
    stored = headers.stored.decode()
    assert TOKEN not in stored
    assert "v1," not in stored
    assert "Callback-Token: ****\r\n" in stored
    assert "webhook-signature: ****\r\n" in stored
    assert f"webhook-id: {GUID}\r\n" in stored


@pytest.mark.rule("3.5-secrets-masked")
def test_token_that_a_backend_sends_back_is_masked_in_its_bytes() -> None:
    prepared = PreparedAgent(a_view(), EGRESS)
    echo = b'{"headers":{"Callback-Token":"' + TOKEN.encode() + b'"}}'
    assert prepared.masked(echo) == b'{"headers":{"Callback-Token":"****"}}'
    assert PreparedAgent(a_view(callback_token=Secret("")), EGRESS).masked(b"abc") == b"abc"


@pytest.mark.security("leakage")
@pytest.mark.rule("3.5-secrets-masked")
def test_secrets_of_every_form_and_those_cut_off_at_the_end_are_masked_too() -> None:
    prepared = PreparedAgent(a_view(), EGRESS)
    token = "mna_4k7NcanaryQ2x9ZpLr0sT6uVwXyAbCdEfGhIjKlMnOpQrStUvWxYz01234"
    page = b"API_TOKEN=%b; SIGNING=whsec_c2VjcmV0c2VjcmV0; cut: %b"
    shown = prepared.masked(page % (token.encode(), token[:30].encode()))
    assert shown == b"API_TOKEN=mna_****; SIGNING=whsec_****; cut: mna_****"


def test_wrong_token_may_go_out_for_the_test_of_the_backend() -> None:
    assert headers_of(token_override=Secret("wrong"))["Callback-Token"] == "wrong"


@pytest.mark.rule("3.1-url-token-current")
@pytest.mark.parametrize(
    "changes",
    [
        {"callback_url": "https://both.example/callback"},
        {"callback_token": Secret("mnc_other")},
        {"signing_secrets": (Secret(OLDER_KEY),)},
        {"signing_secrets": (Secret(SIGNING_KEY), Secret(OLDER_KEY))},
    ],
)
def test_prepared_request_ends_with_the_settings_it_was_made_of(changes: dict[str, object]) -> None:
    prepared = PreparedAgent(a_view(), EGRESS)
    assert not prepared.is_for(a_view(**changes))


def test_prepared_request_outlives_a_new_copy_of_the_same_settings() -> None:
    view = a_view()
    prepared = PreparedAgent(view, EGRESS)
    assert prepared.is_for(view)
    assert prepared.is_for(a_view(in_flight_max=3, currency=currency("JPY")))


def test_address_that_may_not_be_called_is_refused() -> None:
    with pytest.raises(BadTarget):
        PreparedAgent(a_view(callback_url="http://127.0.0.1/"), EGRESS)


@pytest.mark.rule("3.1-envelope", "3.1-check-text")
@pytest.mark.parametrize(
    ("command", "revision", "check"),
    [
        (Command.BET, Revision.GUID, b"21,22,41,31"),
        (Command.CANCEL, Revision.GUID, b"21,22,41,43"),
        (Command.CANCEL, Revision.ID, b"21,22,42"),
    ],
)
def test_body_is_the_envelope_around_the_data_of_the_intent(
    command: Command, revision: Revision, check: bytes
) -> None:
    call = a_call(command, revision=revision)
    assert envelope(call, 1_790_000_000) == (
        b'{"command":"%b","data":%b,"timestamp":"1790000000","check":"%b"}'
        % (command.value.encode(), call.data, check)
    )
