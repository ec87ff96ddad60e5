"""Notes on the fields and headers of callbacks, which differ from those of the Main API."""

from __future__ import annotations

from typing import Final

from meganodes.main_api.reference.notes import Note, Notes, eur
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.wire import (
    ATTEMPT_HEADER,
    CALLBACK_TOKEN_HEADER,
    DEADLINE_HEADER,
    WEBHOOK_ID_HEADER,
    WEBHOOK_SIGNATURE_HEADER,
    WEBHOOK_TIMESTAMP_HEADER,
)

_GUID: Final = "mn-0123456789abcdef0123456789abcdef01234567"
_DIGITS: Final = {"pattern": "^[0-9]+$"}

CHECK_QUESTIONS: Final = {
    ResultCode.ACCOUNT_UNKNOWN: "Does the account exist?",
    ResultCode.PLAYER_INACTIVE: "Is the player active?",
    ResultCode.BALANCE_TOO_LOW: "Is the balance at least `amount`?",
    ResultCode.DUPLICATE: "Is this transaction id new?",
    ResultCode.TRANSACTION_UNKNOWN: "Does this transaction id exist?",
    ResultCode.ORIGINAL_UNKNOWN: "Does the transaction named by `cancel_trans_guid` exist?",
}
"""What each check asks; its number is the answer when it fails (contract 3.2)."""

HEADER_NOTES: Final[Notes] = {
    CALLBACK_TOKEN_HEADER: Note(
        "Your callback token: refuse any other with result 100.", "mnc_..."
    ),
    "Accept-Encoding": Note(
        "Always identity: never compress a reply.", "identity", {"const": "identity"}
    ),
    WEBHOOK_ID_HEADER: Note("The same on every attempt of one callback.", _GUID),
    WEBHOOK_TIMESTAMP_HEADER: Note("Unix seconds of this attempt.", "1790000000", _DIGITS),
    WEBHOOK_SIGNATURE_HEADER: Note(
        "`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body` with your signing secret; two, "
        "separated by a blank, while a secret is being exchanged.",
        "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
    ),
    ATTEMPT_HEADER: Note("1 for the first attempt, then 2, 3, ...", "1", _DIGITS),
    DEADLINE_HEADER: Note(
        "Unix milliseconds after which the hub no longer waits.", "1790000002000", _DIGITS
    ),
    "traceparent": Note(
        "W3C trace context.", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"
    ),
}

REQUEST_NOTES: Final[Notes] = {
    "command": Note("What is asked.", "bet"),
    "data": Note("What it is asked about; the same bytes on every attempt.", {}),
    "timestamp": Note("Unix seconds of this attempt.", "1790000000"),
    "check": Note("The checks to make, in this order.", "21,22,41,31"),
    "account": Note("The user's name, as you gave it.", "anna"),
    "gplay_id": Note("The session, as text.", "7001", _DIGITS),
    "trans_guid": Note(
        "The transaction's id: the same on every attempt, unique for ever.",
        _GUID,
        {"maxLength": 64},
    ),
    "status.trans_guid": Note("The transaction that is asked about.", _GUID, {"maxLength": 64}),
    "cancel.trans_guid": Note("The cancel's own id.", f"{_GUID}-c", {"maxLength": 64}),
    "cancel_trans_guid": Note("The bet to undo.", _GUID, {"maxLength": 64}),
    "trans_id": Note(
        "The transaction's id: the same on every attempt, unique for ever.",
        4_503_599_627_370,
        {"minimum": 1, "maximum": 2**53 - 1},
    ),
    "cancel.trans_id": Note(
        "The bet to undo: a cancel has no id of its own.",
        4_503_599_627_370,
        {"minimum": 1, "maximum": 2**53 - 1},
    ),
    "call_id": Note("Always 0.", 0, {"const": 0}),
    "time_stamp": Note("When the provider asked, in Unix milliseconds.", 1_790_000_000_123),
    "round_id": Note("The provider's name of the round.", "r-9f31"),
    "provider_id": Note("The provider's number.", 200),
    "provider_name": Note("The provider's name.", "Pixel Works"),
    "game_code": Note("The game's code.", "lucky_7"),
    "game_name": Note("The game's name.", "Lucky 7"),
    "game_type": Note("What kind of game it is.", "slot"),
    "amount": Note(
        "Main units with exactly the currency's decimals; read it as a decimal.",
        eur(150),
        {"minimum": 0},
    ),
    "type": Note("1 bet, 2 win, 16 cancel.", 1),
}

REPLY_NOTES: Final[Notes] = {
    "account": Note("The account asked, letter by letter.", "anna", {"type": "string"}),
    "balance": Note(
        "The balance in main units, after the movement.", eur(11_900), {"type": "number"}
    ),
    "refusal.balance": Note("The balance in main units.", eur(100), {"type": "number"}),
    "permissions": Note(
        "What this user may do; leave out what does not apply.",
        {},
        {
            "type": "object",
            "properties": {
                "play": {"type": "boolean", "description": "Whether the user may play at all."},
                "max_bet": {
                    "type": "number",
                    "minimum": 0,
                    "description": "The largest bet, in main units.",
                },
                "session_minutes": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "How long a session lasts at most.",
                },
                "reality_check_minutes": {
                    "type": "integer",
                    "minimum": 0,
                    "description": "How often the game reminds the player of the time.",
                },
            },
        },
    ),
    "language": Note("The user's language, such as en.", "en", {"type": "string"}),
    "country": Note("The user's country, such as DE.", "DE", {"type": "string"}),
    "trans_guid": Note("The transaction asked about.", _GUID, {"type": "string"}),
    "trans_id": Note("The transaction asked about.", 4_503_599_627_370, {"type": "integer"}),
    "trans_status": Note(
        "OK while it counts, CANCELED once it was undone.",
        "OK",
        {"type": "string", "enum": ["OK", "CANCELED"]},
    ),
}
