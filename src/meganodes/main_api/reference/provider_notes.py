"""Notes on the fields of the Provider API, where amounts are text and names are the provider's."""

from __future__ import annotations

from typing import Final

from meganodes.domain.answers import RoundState
from meganodes.main_api.reference.notes import LEFT_OUT, Note, Notes, Rows
from meganodes.protocol.money import EXPONENT_MAX

_GUID: Final = "mn-0123456789abcdef0123456789abcdef01234567"
_AMOUNT: Final = {"pattern": rf"^[0-9]+(?:\.[0-9]{{1,{EXPONENT_MAX}}})?$"}
_BALANCE: Final = {"pattern": rf"^-?[0-9]+(?:\.[0-9]{{1,{EXPONENT_MAX}}})?$"}
_SHOWN_KINDS: Final = {"enum": ["bet", "win"]}

REQUEST_NOTES: Final[Notes] = {
    "session": Note("The session, as the launch address brought it.", "mns_7Qm3..."),
    "transaction_id": Note("Your id of this movement, unique for ever.", "b-77120"),
    "win.transaction_id": Note("Your id of this win, unique for ever.", "w-77121"),
    "cancel.transaction_id": Note("Your id of this cancel, a new one.", "c-77122"),
    "betwin.bet.transaction_id": Note("Your id of the stake, unique for ever.", "b-77120"),
    "betwin.wins.transaction_id": Note("Your id of this win, unique for ever.", "w-77121"),
    "round_id": Note("Your id of the round.", "r-9f31"),
    "amount": Note("The amount, as decimal text.", "1.50"),
    "win.amount": Note("The amount, as decimal text; a lost round has a win of 0.", "9.00"),
    "betwin.wins.amount": Note("The amount, as decimal text.", "9.00"),
    "game_code": Note("The game, when the player switched games in a lobby.", "lucky_7"),
    "round_closed": Note("Whether the round ends with this.", example=True),
    "bet_transaction_id": Note(
        "The bet that this win is for, where the round does not tell.", None
    ),
    "cancel_transaction_id": Note("The bet to undo.", "b-77120"),
    "bet": Note("The stake.", {}),
    "wins": Note("The wins of this stake.", []),
}

ANSWER_NOTES: Final[Notes] = {
    "account": Note("The user, opaque to you.", "400000123", {"pattern": "^[0-9]+$"}),
    "game_code": Note("The game the session was opened with.", "lucky_7"),
    "currency": Note("The currency's code.", "EUR"),
    "language": Note("The user's language, null when the casino does not tell.", "en"),
    "country": Note("The user's country, null when the casino does not tell.", "DE"),
    "balance": Note(
        "The balance in main units, as the casino reported it; null when it did not.",
        "119.00",
        _BALANCE,
    ),
    "permissions": Note("What the casino allows; what is absent is not limited.", {}),
    "play": Note("Whether the user may play at all.", example=True),
    "max_bet": Note("The largest bet, as decimal text.", "50.00", _AMOUNT),
    "session_minutes": Note("How long the session lasts at most.", 120, {"minimum": 0}),
    "reality_check_minutes": Note(
        "How often the game reminds the player of the time.", 30, {"minimum": 0}
    ),
    "transaction_guid": Note("The movement's id on the casino's side.", _GUID),
    "delivered": Note("Whether nothing is owed any more.", example=True),
    "replay": Note("The answer was given before and is given again.", example=True),
    "bet": Note("The stake.", {}),
    "wins": Note("The wins, in the order of the request.", []),
    "transactions": Note("Bets and wins, oldest first.", []),
    "transaction_id": Note("Your id of the movement.", "b-77120"),
    "kind": Note("What it is.", "bet", _SHOWN_KINDS),
    "amount": Note("The amount, as decimal text.", "1.50", _AMOUNT),
    "ListedTransaction.state": Note(
        "Where it stands.", "accepted", {"enum": [each.value for each in RoundState]}
    ),
    "closed": Note("Whether you have closed the round.", example=True),
}

_FIRST_TIME: Final = {"replay": LEFT_OUT}

ANSWER_ROWS: Final[Rows] = {
    "TakenBet": [_FIRST_TIME],
    "Delivery": [_FIRST_TIME],
    "TakenBetWin": [_FIRST_TIME],
    "ListedTransaction": [
        {},
        {"transaction_id": "w-77121", "kind": "win", "amount": "9.00", "state": "owed"}
        | {"transaction_guid": "mn-fedcba9876543210fedcba9876543210fedcba98", "delivered": False},
    ],
}
