"""Contract 3.3, `data` of a reply: balances, accounts, states, permissions, and their faults."""

import pytest

from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.money import AMOUNT_MAX_MINOR
from meganodes.protocol.replies import Permissions
from tests.unit.protocol.asking import question, read, refusal, success, with_balance, with_data

MOVED = (Command.BALANCE, Command.BET, Command.WIN, Command.CANCEL)
CURE = "; send the balance as a JSON number such as 1000.00"

FAULTY = [
    ("null", "data.balance is null" + CURE),
    ("true", "data.balance is true" + CURE),
    ("false", "data.balance is false" + CURE),
    ("[12.50]", "data.balance is a list" + CURE),
    ("{}", "data.balance is an object" + CURE),
    ('""', 'data.balance is the text ""' + CURE),
    ('" 12.50"', 'data.balance is the text " 12.50"' + CURE),
    ('"1,234.50"', 'data.balance is the text "1,234.50"' + CURE),
    ('"12."', 'data.balance is the text "12."' + CURE),
    ('".5"', 'data.balance is the text ".5"' + CURE),
    ('"+5"', 'data.balance is the text "+5"' + CURE),
    ('"1e3"', 'data.balance is the text "1e3"' + CURE),
    ('"NaN"', 'data.balance is the text "NaN"' + CURE),
    ('"\uff11"', 'data.balance is the text "\\uff11"' + CURE),
    ("1e400", "data.balance is 1e400" + CURE),
    ("1e-400", "data.balance is 1e-400" + CURE),
    ("9" * 65, "data.balance is " + "9" * 40 + "..." + CURE),
    ("0." + "0" * 63, "data.balance is 0." + "0" * 38 + "..." + CURE),
    ("90071992547409.92", "data.balance is 90071992547409.92; send at most 90071992547409.91"),
    ("1e30", "data.balance is 1e30; send at most 90071992547409.91"),
    ("9007199254740992", "data.balance is 9007199254740992; send at most 90071992547409.91"),
    ("-0.01", "data.balance is -0.01; send 0 or more, as overdraft is not agreed"),
    ("-1", "data.balance is -1; send 0 or more, as overdraft is not agreed"),
    ('"-1.00"', 'data.balance is the text "-1.00"; send 0 or more, as overdraft is not agreed'),
]
FAULTY_BALANCES = pytest.mark.parametrize(("given", "sentence"), FAULTY)
NO_BALANCE = ("{}", "null", "[]", '"x"', "0", "true")


# --- balance, in good order ----------------------------------------------------------------------


@pytest.mark.parametrize("command", MOVED)
@pytest.mark.parametrize(
    ("given", "exponent", "balance_minor"),
    [
        ("0.00", 2, 0),
        ("12000.50", 2, 1_200_050),
        ("90071992547409.91", 2, AMOUNT_MAX_MINOR),
        ("1500", 0, 1500),
        ("1.234", 3, 1234),
        ("0.00000001", 8, 1),
    ],
)
def test_a_balance_with_the_currencys_decimals_is_read_exactly(
    command: Command, given: str, exponent: int, balance_minor: int
) -> None:
    reply = read(with_balance(given), question(command, exponent=exponent))
    assert (reply.malformed, reply.notes) == (None, ())
    assert reply.balance_minor == balance_minor


@pytest.mark.rule("3.3-balance-decimals")
@pytest.mark.parametrize(
    ("given", "exponent", "balance_minor", "note"),
    [
        ("12", 2, 1200, "data.balance has 0 decimals, the currency has 2"),
        ("0", 2, 0, "data.balance has 0 decimals, the currency has 2"),
        ("12.5", 2, 1250, "data.balance has 1 decimals, the currency has 2"),
        ("12.509", 2, 1250, "data.balance has 3 decimals, the currency has 2, more were cut"),
        (
            "34.7499999999",
            2,
            3474,
            "data.balance has 10 decimals, the currency has 2, more were cut",
        ),
        ("1500.99", 0, 1500, "data.balance has 2 decimals, the currency has 0, more were cut"),
        ("0.009", 2, 0, "data.balance has 3 decimals, the currency has 2, more were cut"),
    ],
)
def test_other_decimals_are_taken_with_a_note_and_cut(
    given: str, exponent: int, balance_minor: int, note: str
) -> None:
    reply = read(with_balance(given), question(exponent=exponent))
    assert (reply.malformed, reply.balance_minor, reply.notes) == (None, balance_minor, (note,))


@pytest.mark.rule("3.3-numeric-text")
@pytest.mark.parametrize("command", MOVED)
def test_a_balance_as_decimal_text_is_taken_with_a_note(command: Command) -> None:
    reply = read(with_balance('"12000.50"'), command)
    assert (reply.malformed, reply.balance_minor) == (None, 1_200_050)
    assert reply.notes == ("data.balance is text, not a number",)


@pytest.mark.parametrize(
    ("given", "balance_minor", "notes"),
    [
        (
            "1.0E7",
            1_000_000_000,
            (
                "data.balance is written in exponent form",
                "data.balance has 0 decimals, the currency has 2",
            ),
        ),
        ("1.2345e2", 12_345, ("data.balance is written in exponent form",)),
        (
            "1e-3",
            0,
            (
                "data.balance is written in exponent form",
                "data.balance has 3 decimals, the currency has 2, more were cut",
            ),
        ),
    ],
)
def test_a_number_in_exponent_form_is_its_exact_value(
    given: str, balance_minor: int, notes: tuple[str, ...]
) -> None:
    """Several languages write 10,000,000 as 1.0E7: it is JSON, and no reason to undo a bet."""
    reply = read(with_balance(given))
    assert (reply.malformed, reply.balance_minor, reply.notes) == (None, balance_minor, notes)


@pytest.mark.rule("3.3-negative-balance")
@pytest.mark.parametrize(
    ("given", "balance_minor"),
    [("-12.50", -1250), ('"-12.50"', -1250), ("-90071992547409.91", -AMOUNT_MAX_MINOR)],
)
def test_a_negative_balance_is_taken_where_overdraft_is_agreed(
    given: str, balance_minor: int
) -> None:
    reply = read(with_balance(given), question(overdraft_allowed=True))
    assert (reply.malformed, reply.faults, reply.balance_minor) == (None, (), balance_minor)


@pytest.mark.rule("3.3-negative-balance")
def test_overdraft_is_bounded_too() -> None:
    reply = read(with_balance("-90071992547409.92"), question(overdraft_allowed=True))
    assert reply.malformed == "data.balance is -90071992547409.92; send at most 90071992547409.91"


# --- faults of data alone ------------------------------------------------------------------------


@pytest.mark.rule("3.3-data-fault-bet", "3.3-negative-balance")
@pytest.mark.parametrize("command", [Command.BALANCE, Command.BET])
@FAULTY_BALANCES
def test_success_of_a_bet_or_balance_with_a_faulty_balance_is_malformed(
    command: Command, given: str, sentence: str
) -> None:
    reply = read(with_balance(given), command)
    assert (reply.result, reply.malformed, reply.faults) == (0, sentence, (sentence,))
    assert reply.balance_minor is None


@pytest.mark.rule("3.3-data-fault-bet")
@FAULTY_BALANCES
def test_success_of_an_authenticate_with_a_faulty_balance_is_malformed(
    given: str, sentence: str
) -> None:
    reply = read(with_data(f'{{"account":"anna","balance":{given}}}'), Command.AUTHENTICATE)
    assert (reply.malformed, reply.balance_minor) == (sentence, None)


@pytest.mark.rule("3.3-data-fault-win-cancel")
@pytest.mark.parametrize("command", [Command.WIN, Command.CANCEL])
@pytest.mark.parametrize("revision", Revision)
@FAULTY_BALANCES
def test_success_of_owed_money_stays_accepted_with_the_balance_unknown(
    command: Command, revision: Revision, given: str, sentence: str
) -> None:
    reply = read(with_balance(given), question(command, revision=revision))
    assert (reply.result, reply.malformed, reply.balance_minor) == (0, None, None)
    assert reply.faults == (sentence,)


@pytest.mark.rule("3.3-data-fault-refusals-stay", "3.3-data-fault-41-42-43")
@pytest.mark.parametrize(
    ("command", "result"),
    [
        (Command.BET, 21), (Command.BET, 22), (Command.BET, 31), (Command.BET, 41),
        (Command.BET, 99), (Command.BET, 100), (Command.WIN, 41), (Command.CANCEL, 43),
        (Command.STATUS, 42), (Command.AUTHENTICATE, 22), (Command.BALANCE, 100),
    ],
)  # fmt: skip
@FAULTY_BALANCES
def test_any_other_result_keeps_its_meaning_with_the_balance_unknown(
    command: Command, result: int, given: str, sentence: str
) -> None:
    reply = read(refusal(result, f'{{"balance":{given}}}'), command)
    assert (reply.result, reply.malformed, reply.balance_minor) == (result, None, None)
    required = result in {31, 41, 42, 43}
    assert reply.faults == ((sentence,) if required or given != "null" else ())


@pytest.mark.rule("3.3-data-fault-refusals-stay", "3.3-data-fault-41-42-43")
@pytest.mark.parametrize(
    ("command", "result"),
    [(Command.BET, 31), (Command.BET, 41), (Command.STATUS, 42), (Command.CANCEL, 43)],
)
@pytest.mark.parametrize("data", NO_BALANCE)
def test_a_missing_balance_is_a_fault_where_the_result_needs_one(
    command: Command, result: int, data: str
) -> None:
    reply = read(refusal(result, data), command)
    assert (reply.result, reply.malformed, reply.balance_minor) == (result, None, None)
    assert "data.balance is missing" + CURE in reply.faults


@pytest.mark.rule("3.3-data-fault-bet", "3.3-data-fault-win-cancel")
@pytest.mark.parametrize("data", NO_BALANCE)
def test_a_success_without_data_is_a_fault_of_data(data: str) -> None:
    first = "data.balance is missing" + CURE
    if data not in {"{}", "null"}:
        first = {
            "[]": "data is a list", '"x"': 'data is the text "x"', "0": "data is 0",
            "true": "data is true",
        }[data] + "; send an object"  # fmt: skip
    assert read(with_data(data), Command.BET).malformed == first
    assert read(with_data(data), Command.BALANCE).malformed == first
    assert read(with_data(data), Command.AUTHENTICATE).malformed == first
    win = read(with_data(data), Command.WIN)
    assert (win.result, win.malformed, win.faults[0]) == (0, None, first)


@pytest.mark.rule("3.3-data-absent")
@pytest.mark.parametrize("result", [21, 22, 99, 100])
@pytest.mark.parametrize(
    ("data", "note"),
    [
        (',"data":null', "data is null"),
        (',"data":{}', "data is empty"),
        ("", "data is missing"),
    ],
)
def test_data_may_be_absent_where_nothing_is_required(result: int, data: str, note: str) -> None:
    reply = read(f'{{"result":{result},"status":"ERROR"{data}}}')
    assert (reply.result, reply.malformed, reply.faults) == (result, None, ())
    assert reply.notes == (note,)


@pytest.mark.rule("3.3-data-fault-refusals-stay")
def test_a_list_for_data_is_a_fault_that_leaves_a_refusal() -> None:
    reply = read(refusal(22, "[]"))
    assert (reply.result, reply.malformed) == (22, None)
    assert reply.faults == ("data is a list; send an object",)


@pytest.mark.parametrize("result", [21, 22, 31, 41, 100])
def test_a_good_balance_of_a_refusal_is_kept(result: int) -> None:
    reply = read(refusal(result))
    assert (reply.result, reply.balance_minor, reply.notes) == (result, 1250, ())


# --- account -------------------------------------------------------------------------------------

OTHER = "data.account is not the account asked; repeat it as it was sent"


@pytest.mark.rule("3.3-account-differs")
@pytest.mark.parametrize("account", ['"bert"', '"Anna"', '"anna "', '""', "null", "1", '["anna"]'])
def test_an_authenticate_for_another_account_is_malformed(account: str) -> None:
    body = with_data(f'{{"account":{account},"balance":12.50}}')
    assert read(body, Command.AUTHENTICATE).malformed == OTHER


@pytest.mark.rule("3.2-success-data")
def test_an_authenticate_without_an_account_is_malformed() -> None:
    reply = read(with_balance("12.50"), Command.AUTHENTICATE)
    assert reply.malformed == "data.account is missing; repeat the account as it was sent"


@pytest.mark.rule("3.3-account-differs")
@pytest.mark.parametrize("command", [Command.BALANCE, Command.BET])
def test_a_bet_or_balance_that_names_another_account_is_malformed(command: Command) -> None:
    body = with_data('{"account":"bert","balance":12.50}')
    reply = read(body, command)
    assert (reply.malformed, reply.balance_minor) == (OTHER, None)


@pytest.mark.rule("3.3-account-differs")
def test_a_status_that_names_another_account_is_malformed() -> None:
    body = with_data('{"account":"bert","trans_guid":"mn-1","trans_status":"OK"}')
    reply = read(body, Command.STATUS)
    assert (reply.malformed, reply.trans_status) == (OTHER, None)


@pytest.mark.rule("3.3-account-differs")
@pytest.mark.parametrize("command", [Command.WIN, Command.CANCEL])
def test_owed_money_stays_accepted_but_a_strangers_balance_is_not_kept(command: Command) -> None:
    reply = read(with_data('{"account":"bert","balance":12.50}'), command)
    assert (reply.result, reply.malformed, reply.balance_minor) == (0, None, None)
    assert reply.faults == (OTHER,)


@pytest.mark.rule("3.3-account-differs", "3.3-data-fault-refusals-stay")
def test_a_refusal_that_names_another_account_stays_a_refusal() -> None:
    reply = read(refusal(31, '{"account":"bert","balance":12.50}'))
    assert (reply.result, reply.malformed, reply.balance_minor) == (31, None, None)
    assert reply.faults == (OTHER,)


def test_the_right_account_where_none_is_asked_is_an_extra_key() -> None:
    reply = read(with_data('{"account":"anna","balance":12.50}'))
    assert (reply.malformed, reply.faults, reply.balance_minor) == (None, (), 1250)
    assert reply.notes == ('data has extra keys, ignored: "account"',)


# --- status --------------------------------------------------------------------------------------


@pytest.mark.rule("3-revision-status-reply", "3.2-success-data")
@pytest.mark.parametrize(
    ("revision", "data"),
    [
        (Revision.GUID, '{"account":"anna","trans_guid":"mn-1","trans_status":"%s"}'),
        (Revision.ID, '{"trans_id":312945201733633,"trans_status":"%s"}'),
    ],
)
@pytest.mark.parametrize("trans_status", ["OK", "CANCELED"])
def test_a_status_reply_says_ok_or_canceled(
    revision: Revision, data: str, trans_status: str
) -> None:
    asked = question(Command.STATUS, revision=revision)
    reply = read(with_data(data % trans_status), asked)
    assert (reply.malformed, reply.notes, reply.faults) == (None, (), ())
    assert reply.trans_status == trans_status


@pytest.mark.rule("3.2-success-data")
@pytest.mark.parametrize("revision", Revision)
@pytest.mark.parametrize(
    ("data", "came"),
    [
        ("{}", "missing"),
        ("null", "missing"),
        ('{"trans_status":null}', "null"),
        ('{"trans_status":"ok"}', 'the text "ok"'),
        ('{"trans_status":"CANCELLED"}', 'the text "CANCELLED"'),
        ('{"trans_status":"OK "}', 'the text "OK "'),
        ('{"trans_status":1}', "1"),
        ('{"trans_status":["OK"]}', "a list"),
        ('{"status":"OK"}', "missing"),
    ],
)
def test_a_success_of_status_without_a_clear_state_is_malformed(
    revision: Revision, data: str, came: str
) -> None:
    reply = read(with_data(data), question(Command.STATUS, revision=revision))
    assert reply.malformed == f"data.trans_status is {came}; send OK or CANCELED"
    assert reply.trans_status is None


def test_a_status_that_knows_no_transaction_has_no_state() -> None:
    reply = read(refusal(42, '{"balance":1.00,"trans_status":"OK"}'), Command.STATUS)
    assert (reply.result, reply.malformed, reply.trans_status) == (42, None, None)


# --- permissions, language, country --------------------------------------------------------------


def authenticated(more: str) -> str:
    return with_data(f'{{"account":"anna","balance":12.50,{more}}}')


@pytest.mark.rule("3.2-permissions-optional")
def test_an_authenticate_without_permissions_allows_everything() -> None:
    reply = read(success(Command.AUTHENTICATE), Command.AUTHENTICATE)
    assert (reply.permissions, reply.language, reply.country) == (None, None, None)


@pytest.mark.rule("3.2-permissions-optional")
@pytest.mark.parametrize(
    ("given", "permissions"),
    [
        ("{}", Permissions()),
        ('{"play":false}', Permissions(play=False)),
        ('{"play":true,"max_bet":100}', Permissions(play=True, max_bet_minor=10_000)),
        ('{"max_bet":0}', Permissions(max_bet_minor=0)),
        ('{"max_bet":0.10}', Permissions(max_bet_minor=10)),
        ('{"max_bet":1.0E7}', Permissions(max_bet_minor=1_000_000_000)),
        ('{"session_minutes":60}', Permissions(session_minutes=60)),
        ('{"session_minutes":0}', Permissions(session_minutes=0)),
        ('{"reality_check_minutes":30}', Permissions(reality_check_minutes=30)),
    ],
)
def test_permissions_are_read_part_by_part(given: str, permissions: Permissions) -> None:
    reply = read(authenticated(f'"permissions":{given}'), Command.AUTHENTICATE)
    assert (reply.malformed, reply.notes) == (None, ())
    assert reply.permissions == permissions


@pytest.mark.rule("3.2-permission-wrong-type")
@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("null", "data.permissions is null; send an object or leave it out"),
        ("[]", "data.permissions is a list; send an object or leave it out"),
        ("true", "data.permissions is true; send an object or leave it out"),
        ('{"play":"false"}', "data.permissions.play is the text"),
        ('{"play":0}', "data.permissions.play is 0; send true or false or leave it out"),
        ('{"play":null}', "data.permissions.play is null; send true or false or leave it out"),
        ('{"max_bet":"100"}', 'data.permissions.max_bet is the text "100"; send a number from'),
        ('{"max_bet":true}', "data.permissions.max_bet is true; send a number"),
        ('{"max_bet":null}', "data.permissions.max_bet is null; send a number"),
        ('{"max_bet":-1}', "data.permissions.max_bet is -1; send a number"),
        ('{"max_bet":1e99}', "data.permissions.max_bet is 1e99; send a number"),
        ('{"max_bet":90071992547410}', "data.permissions.max_bet is 90071992547410; send"),
        ('{"session_minutes":60.0}', "data.permissions.session_minutes is 60.0; send a JSON"),
        ('{"session_minutes":"60"}', 'data.permissions.session_minutes is the text "60"; send'),
        ('{"session_minutes":true}', "data.permissions.session_minutes is true; send a JSON"),
        ('{"session_minutes":-1}', "data.permissions.session_minutes is -1; send a JSON integer"),
        ('{"session_minutes":10000001}', "data.permissions.session_minutes is 10000001; send"),
        ('{"reality_check_minutes":null}', "data.permissions.reality_check_minutes is null; send"),
    ],
)  # fmt: skip
def test_a_permission_of_the_wrong_type_fails_closed(given: str, sentence: str) -> None:
    reply = read(authenticated(f'"permissions":{given}'), Command.AUTHENTICATE)
    assert reply.malformed is not None
    assert reply.malformed.startswith(sentence)
    assert (reply.permissions, reply.balance_minor) == (None, None)


@pytest.mark.rule("3.2-permission-wrong-type", "3.2-permissions-never-block-owed")
@pytest.mark.parametrize("command", MOVED)
def test_permissions_belong_to_authenticate_alone(command: Command) -> None:
    reply = read(with_balance('12.50,"permissions":{"play":"no"}'), command)
    assert (reply.malformed, reply.permissions) == (None, None)
    assert reply.notes == ('data has extra keys, ignored: "permissions"',)


def test_a_limit_with_more_decimals_is_cut_down_with_a_note() -> None:
    reply = read(authenticated('"permissions":{"max_bet":1.999}'), Command.AUTHENTICATE)
    assert reply.permissions == Permissions(max_bet_minor=199)
    assert reply.notes == ("data.permissions.max_bet has 3 decimals, more than 2 were cut",)


@pytest.mark.rule("3.3-extra-keys")
def test_a_permission_the_contract_does_not_have_is_noted() -> None:
    reply = read(authenticated('"permissions":{"max_loss":1}'), Command.AUTHENTICATE)
    assert (reply.malformed, reply.permissions) == (None, Permissions())
    assert reply.notes == ('data.permissions has extra keys, ignored: "max_loss"',)


@pytest.mark.rule("3.2-permissions-optional")
@pytest.mark.parametrize(
    ("given", "language", "country"),
    [
        ('"language":"de","country":"AT"', "de", "AT"),
        ('"language":"pt-BR"', "pt-BR", None),
        ('"language":null,"country":null', None, None),
    ],
)
def test_language_and_country_are_handed_on(
    given: str, language: str | None, country: str | None
) -> None:
    reply = read(authenticated(given), Command.AUTHENTICATE)
    assert (reply.malformed, reply.notes) == (None, ())
    assert (reply.language, reply.country) == (language, country)


@pytest.mark.parametrize("given", ["1", '""', '"' + "x" * 36 + '"', '"d e"', '"\\u0000"', "[]"])
def test_a_language_that_is_none_is_ignored_with_a_note_that_does_not_show_it(given: str) -> None:
    reply = read(authenticated(f'"language":{given}'), Command.AUTHENTICATE)
    assert (reply.malformed, reply.language) == (None, None)
    assert reply.notes == ("data.language is no code such as en or DE, ignored",)
