"""The exact bytes of a callback: six commands, two revisions. A diff here is a protocol change."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from meganodes.protocol.commands import (
    Category,
    Command,
    Movement,
    Revision,
    authenticate_data,
    balance_data,
    bet_data,
    cancel_data,
    check_text,
    status_data,
    win_data,
)
from meganodes.protocol.wire import CALLBACK_HEADERS, render_callback

MOVEMENT = Movement(
    account="anna",
    gplay_id=7001,
    trans_guid="mn-0123456789abcdef0123456789abcdef01234567",
    trans_id=312_945_201_733_633,
    time_stamp_ms=1_760_000_000_123,
    round_id="r-9",
    provider_id=200,
    provider_name="Toy Studio",
    game_code="lucky_7",
    game_name="Lucky \ud589\uc6b4 7",
    category=Category.SLOTS,
    sub_category="video",
    amount_minor=1250,
    exponent=2,
)
CANCEL = Movement(
    account="anna",
    gplay_id=7001,
    trans_guid="mn-0123456789abcdef0123456789abcdef01234567-c",
    trans_id=312_945_201_733_634,
    time_stamp_ms=1_760_000_009_000,
    round_id="r-9",
    provider_id=200,
    provider_name="Toy Studio",
    game_code="lucky_7",
    game_name="Lucky \ud589\uc6b4 7",
    category=Category.SLOTS,
    sub_category="video",
    amount_minor=1250,
    exponent=2,
)

GOLDEN = {
    (Command.AUTHENTICATE, Revision.GUID): b'{"account":"anna"}',
    (Command.AUTHENTICATE, Revision.ID): b'{"account":"anna"}',
    (Command.BALANCE, Revision.GUID): b'{"account":"anna"}',
    (Command.BALANCE, Revision.ID): b'{"account":"anna"}',
    (Command.BET, Revision.GUID): (
        b'{"gplay_id":"7001","account":"anna",'
        b'"trans_guid":"mn-0123456789abcdef0123456789abcdef01234567",'
        b'"time_stamp":1760000000123,"round_id":"r-9","provider_id":200,'
        b'"game_code":"lucky_7","game_type":"slot","amount":12.50,"type":1}'
    ),
    (Command.BET, Revision.ID): (
        b'{"account":"anna","trans_id":312945201733633,"call_id":0,"round_id":"r-9",'
        b'"provider_id":200,"provider_name":"Toy Studio","game_code":"lucky_7",'
        b'"game_name":"Lucky \\ud589\\uc6b4 7","game_type":"Slots","amount":12.50,"type":1}'
    ),
    (Command.WIN, Revision.GUID): (
        b'{"gplay_id":"7001","account":"anna",'
        b'"trans_guid":"mn-0123456789abcdef0123456789abcdef01234567",'
        b'"time_stamp":1760000000123,"round_id":"r-9","provider_id":200,'
        b'"game_code":"lucky_7","game_type":"slot","amount":12.50,"type":2}'
    ),
    (Command.WIN, Revision.ID): (
        b'{"account":"anna","trans_id":312945201733633,"call_id":0,"round_id":"r-9",'
        b'"provider_id":200,"provider_name":"Toy Studio","game_code":"lucky_7",'
        b'"game_name":"Lucky \\ud589\\uc6b4 7","game_type":"Slots","amount":12.50,"type":2}'
    ),
    (Command.CANCEL, Revision.GUID): (
        b'{"gplay_id":"7001","account":"anna",'
        b'"trans_guid":"mn-0123456789abcdef0123456789abcdef01234567-c",'
        b'"time_stamp":1760000009000,"round_id":"r-9","provider_id":200,'
        b'"game_code":"lucky_7","game_type":"slot","amount":12.50,"type":16,'
        b'"cancel_trans_guid":"mn-0123456789abcdef0123456789abcdef01234567"}'
    ),
    (Command.CANCEL, Revision.ID): (
        b'{"account":"anna","trans_id":312945201733633,"round_id":"r-9",'
        b'"provider_id":200,"provider_name":"Toy Studio","game_code":"lucky_7",'
        b'"game_name":"Lucky \\ud589\\uc6b4 7","game_type":"Slots"}'
    ),
    (Command.STATUS, Revision.GUID): (
        b'{"account":"anna","trans_guid":"mn-0123456789abcdef0123456789abcdef01234567"}'
    ),
    (Command.STATUS, Revision.ID): b'{"account":"anna","trans_id":312945201733633}',
}

CHECKS = {
    (Command.AUTHENTICATE, Revision.GUID): b"21",
    (Command.AUTHENTICATE, Revision.ID): b"21",
    (Command.BALANCE, Revision.GUID): b"21,22",
    (Command.BALANCE, Revision.ID): b"21,22",
    (Command.BET, Revision.GUID): b"21,22,41,31",
    (Command.BET, Revision.ID): b"21,22,41,31",
    (Command.WIN, Revision.GUID): b"21,22,41",
    (Command.WIN, Revision.ID): b"21,22,41",
    (Command.CANCEL, Revision.GUID): b"21,22,41,43",
    (Command.CANCEL, Revision.ID): b"21,22,42",
    (Command.STATUS, Revision.GUID): b"21,42",
    (Command.STATUS, Revision.ID): b"21,42",
}


def rendered_data(command: Command, revision: Revision) -> bytes:
    match command:
        case Command.AUTHENTICATE:
            return authenticate_data("anna")
        case Command.BALANCE:
            return balance_data("anna")
        case Command.BET:
            return bet_data(revision, MOVEMENT)
        case Command.WIN:
            return win_data(revision, MOVEMENT)
        case Command.CANCEL:
            return cancel_data(revision, CANCEL, MOVEMENT.trans_guid, MOVEMENT.trans_id)
        case Command.STATUS:
            return status_data(revision, "anna", MOVEMENT.trans_guid, MOVEMENT.trans_id)


@pytest.mark.rule(
    "1-account-verbatim",
    "3-revision-guid-cancel",
    "3-revision-id-cancel",
    "3.1-authenticate-data",
    "3.1-balance-data",
    "3.1-bet-data-guid",
    "3.1-win-data-guid",
    "3.1-cancel-data-guid",
    "3.1-status-data-guid",
    "3.1-bet-win-data-id",
    "3.1-cancel-data-id",
    "3.1-status-data-id",
)
@pytest.mark.parametrize(("command", "revision"), GOLDEN)
def test_the_data_of_every_command_has_exactly_these_bytes(
    command: Command, revision: Revision
) -> None:
    assert rendered_data(command, revision) == GOLDEN[command, revision]


@pytest.mark.rule(
    "3.1-envelope", "3.1-check-text", "3-revision-guid-cancel", "3-revision-id-cancel"
)
@pytest.mark.parametrize(("command", "revision"), GOLDEN)
def test_the_envelope_of_every_command_has_exactly_these_bytes(
    command: Command, revision: Revision
) -> None:
    data = rendered_data(command, revision)
    body = render_callback(command, data, check_text(command, revision), 1_760_000_000)
    assert body == (
        b'{"command":"' + command.value.encode() + b'","data":' + GOLDEN[command, revision]
        + b',"timestamp":"1760000000","check":"' + CHECKS[command, revision] + b'"}'
    )  # fmt: skip


def test_the_example_of_the_page_is_this_wire() -> None:
    page = Path(__file__).parents[2] / "docs" / "protocol" / "callbacks.md"
    data = rendered_data(Command.BET, Revision.GUID)
    body = render_callback(Command.BET, data, "21,22,41,31", 1_760_000_000)
    assert body.decode() in page.read_text(encoding="utf-8").splitlines()


@pytest.mark.rule("3.1-retry-bytes", "3.1-retry-fresh-timestamp")
def test_an_envelope_keeps_its_data_byte_for_byte_and_only_the_timestamp_is_new() -> None:
    data = b'{ "odd" :\t1.500 , "text": "\xea\xb0\x80" }'
    first = render_callback(Command.BET, data, "21", 1)
    second = render_callback(Command.BET, data, "21", 2)
    assert data in first
    assert first.replace(b'"timestamp":"1"', b'"timestamp":"2"') == second


@pytest.mark.rule("3.1-win-zero")
@pytest.mark.parametrize("revision", Revision)
def test_a_lost_round_still_gets_a_win_of_zero(revision: Revision) -> None:
    lost = movement_of(0, 2)
    assert json.loads(win_data(revision, lost), parse_float=Decimal)["amount"] == Decimal("0.00")
    assert b'"amount":0.00,"type":2' in win_data(revision, lost)


def movement_of(amount_minor: int, exponent: int, account: str = "anna") -> Movement:
    return Movement(
        account=account,
        gplay_id=1,
        trans_guid="mn-1",
        trans_id=1,
        time_stamp_ms=1,
        round_id='r"\\\n\u2028',
        provider_id=1,
        provider_name="P",
        game_code="g",
        game_name="G",
        category=Category.MINI,
        sub_category="crash",
        amount_minor=amount_minor,
        exponent=exponent,
    )


@pytest.mark.reliability("I14")
@pytest.mark.parametrize(
    ("amount_minor", "exponent", "written"),
    [
        (1, 0, b"1"),
        (1, 2, b"0.01"),
        (10, 2, b"0.10"),
        (1, 8, b"0.00000001"),
        (2**53 - 1, 2, b"90071992547409.91"),
        (2**53 - 1, 8, b"90071992.54740991"),
        (2**53 - 1, 0, b"9007199254740991"),
    ],
)
def test_an_amount_is_written_from_integers_with_the_decimals_of_the_currency(
    amount_minor: int, exponent: int, written: bytes
) -> None:
    assert b'"amount":' + written + b"," in bet_data(
        Revision.ID, movement_of(amount_minor, exponent)
    )


@pytest.mark.parametrize("amount_minor", [-1, 2**53])
def test_an_amount_out_of_bounds_never_reaches_the_wire(amount_minor: int) -> None:
    with pytest.raises(AssertionError, match="bounded at the door"):
        bet_data(Revision.GUID, movement_of(amount_minor, 2))


@pytest.mark.parametrize("account", ["a", "_A9", 'quo"te', "back\\slash", "\x00\x1f", "\U0001f3b0"])
def test_texts_come_back_from_the_wire_as_they_were(account: str) -> None:
    for revision in Revision:
        data = json.loads(bet_data(revision, movement_of(1, 2, account)))
        assert data["account"] == account
        assert data["round_id"] == 'r"\\\n\u2028'


@pytest.mark.rule("3.1-header-casing")
def test_the_headers_have_exactly_this_casing() -> None:
    assert CALLBACK_HEADERS == (
        "Callback-Token",
        "Accept",
        "Content-Type",
        "Accept-Encoding",
        "webhook-id",
        "webhook-timestamp",
        "webhook-signature",
        "MegaNodes-Attempt",
        "MegaNodes-Deadline",
        "traceparent",
    )
