"""What each field of the wire means, with a realistic value: one note a name, wherever it occurs.

A name means the same everywhere; where it does not, `Type.name` goes before the plain name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from meganodes.directory.records import AgentState, Status
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Category, TransType
from meganodes.protocol.wire import Exact


class Note(NamedTuple):
    """A sentence, an example, and what the type alone does not say of the values."""

    means: str
    example: object
    limits: Mapping[str, object] = {}


class MissingNote(LookupError):
    """A field that no table of notes explains."""

    def __init__(self, of_type: str, name: str) -> None:
        """Name the field and the cure."""
        super().__init__(f"{of_type}.{name} has no note: add one in main_api/reference/notes.py")


Notes = Mapping[str, Note]

LEFT_OUT: Final = object()
"""Stands in a row for a field that this row has not."""

Rows = Mapping[str, Sequence[Mapping[str, object]]]
"""By type: what differs in each row of an example list from the plain example."""


def note_of(notes: Notes, of_type: str, name: str) -> Note:
    """Find the note of a field of a type, or raise `MissingNote`."""
    found = notes.get(f"{of_type}.{name}") or notes.get(name)
    if found is None:
        raise MissingNote(of_type, name)
    return found


def eur(cents: int) -> Exact:
    """Make an example of an amount."""
    return Exact(cents, 2)


_CATEGORIES: Final = {"enum": [each.value for each in Category]}
_NOT_NEGATIVE: Final = {"minimum": 0}
_ALWAYS_ZERO: Final = {"const": 0}

GAME_NOTES: Final[Notes] = {
    "provider_id": Note("The provider's number.", 200),
    "provider_name": Note("The provider's name.", "Pixel Works"),
    "locale_name": Note("The name in the language asked for, else the plain name.", "Lucky 7"),
    "ProviderItem.locale_name": Note(
        "The name in the language asked for, else the plain name.", "Pixel Works"
    ),
    "ProviderItem.status": Note(
        "1 normal, 2 in maintenance.", 1, {"enum": [each.value for each in Status]}
    ),
    "game_code": Note("The game's code; the same code may occur with other providers.", "lucky_7"),
    "game_name": Note("The game's name.", "Lucky 7"),
    "game_image": Note(
        "Address of a picture; empty when there is none.", "https://img.example.com/lucky_7.webp"
    ),
    "game_image_narrow": Note(
        "Address of a narrow picture; empty when there is none.",
        "https://img.example.com/lucky_7-narrow.webp",
    ),
    "launch_enable": Note("Whether the game can be launched.", example=True),
    "category": Note("What kind of game it is.", "Slots", _CATEGORIES),
    "sub_category": Note("A finer word for the kind of game; may be empty.", "video"),
    "reg_date": Note("When the game came to the hub, in UTC.", "2026-01-31T00:00:00Z"),
    "game_url": Note(
        "The address for the player's browser, valid for 10 minutes and one opening.",
        "https://hub.example.com/v4/game/launch?user_code=400000123&g_token=mng_4Zq8...",
    ),
    "game_symbol": Note("The game's code.", "lucky_7"),
    "lang": Note("The language by its number.", 1),
    "return_url": Note("Where the player goes after the game.", "https://casino.example.com/lobby"),
}

AGENT_AND_USER_NOTES: Final[Notes] = {
    "AgentFacts.name": Note("The agent's name.", "acme"),
    "currency": Note("The currency's ISO 4217 number; from 10000 up for others.", 978),
    "currency_code": Note("The currency's code.", "EUR"),
    "AgentFacts.balance": Note("Always 0: the hub holds no credit.", eur(0)),
    "rtp": Note("Always 0.", 0, _ALWAYS_ZERO),
    "win_ratio": Note("Always 0.", 0, _ALWAYS_ZERO),
    "whitelist": Note(
        "Addresses and CIDR ranges that may call; empty for no restriction.", ["203.0.113.0/28"]
    ),
    "client_ip": Note("The address this call came from; empty when unknown.", "203.0.113.9"),
    "AgentFacts.state": Note(
        "How far the agent may go.", "approved", {"enum": [each.value for each in AgentState]}
    ),
    "mode": Note("Always seamless.", "seamless", {"const": "seamless"}),
    "callback_url": Note("The address that was called.", "https://wallet.example.com/callback"),
    "BackendFacts.time": Note("How long the first reply took.", "183ms", {"pattern": "^[0-9]+ms$"}),
    "reachable": Note("Whether anything answered.", example=True),
    "http_status": Note("The HTTP status of the reply, null without one.", 200),
    "token_checked": Note("Whether a second request with a wrong token was refused.", example=True),
    "reply": Note("`well-formed`, or the sentence that says what is wrong.", "well-formed"),
    "user_code": Note("The user's number at the hub.", 400_000_123),
    "is_new_user": Note("False when the user was known already.", example=True),
    "name": Note("The user's name, the account of every callback.", "anna"),
    "user_name": Note("The user's name.", "anna"),
    "UserBalance.balance": Note("What the backend reported just now.", eur(12_050)),
}

HISTORY_NOTES: Final[Notes] = {
    "start_time": Note("The beginning of the window, which belongs to it.", "2026-09-21 00:00:00"),
    "end_time": Note("The end of the window, which no longer does.", "2026-09-22 00:00:00"),
    "offset": Note("How many rows to leave out.", 0),
    "limit": Note("How many rows to give at most.", 100),
    "last_id": Note("The last `trans_id` you have seen, 0 at first.", 0),
    "total": Note("How many rows there are.", 1, _NOT_NEGATIVE),
    "count": Note("How many rows this answer has.", 1, _NOT_NEGATIVE),
    "list": Note("The rows.", []),
    "trans_id": Note("The position in the agent's list, in the order of settlement.", 5_001),
    "round_id": Note("The provider's name of the round.", "r-9f31"),
    "trans_type": Note(
        "1 bet, 2 win, 16 cancel of a bet.", 1, {"enum": [each.value for each in TransType]}
    ),
    "prebalance": Note(
        "`balance` + amount of a bet, - amount of a win or cancel; 0 when unknown.", eur(12_050)
    ),
    "trans_amount": Note("The amount, never below 0.", eur(150), _NOT_NEGATIVE),
    "balance": Note("What the backend reported after the movement; 0 when unknown.", eur(11_900)),
    "balance_known": Note("Whether the backend reported a balance.", example=True),
    "regdate": Note("When it was listed, in the agent's time zone.", "2026-09-21 14:13:21"),
    "time_stamp": Note("When it was listed, in Unix milliseconds.", 1_789_999_999_123),
    "trans_guid": Note(
        "The id of the callbacks, for agents of revision `guid`.",
        "mn-0123456789abcdef0123456789abcdef01234567",
    ),
    "callback_trans_id": Note(
        "The id of the callbacks, for agents of revision `id`.", 4_503_599_627_370
    ),
    "cancel_trans_guid": Note("Of a cancel: the bet it undid. Else null.", None),
    "gplay_id": Note("The session.", 7_001),
    "created_at": Note("When the provider asked, in the agent's time zone.", "2026-09-21 14:13:20"),
    "last_round_bet": Note("What was staked in the latest round.", eur(150)),
    "OnlineGameItem.category": Note("1 slot, 2 live, 3 all else.", 1, {"enum": [1, 2, 3]}),
    "OnlineGameItem.start_time": Note(
        "When the session was opened, in the agent's time zone.", "2026-09-21 14:02:11"
    ),
    "spend": Note("What was staked in this session and not cancelled.", eur(4_500)),
    "win": Note("What was won in this session.", eur(3_900)),
    "last_update": Note("The latest call, in the agent's time zone.", "2026-09-21 14:13:21"),
    "call_win": Note("Always 0.", 0, _ALWAYS_ZERO),
    "call_id": Note("Always 0.", 0, _ALWAYS_ZERO),
    "call_enable": Note("Always false.", example=False, limits={"const": False}),
    "callend_flag": Note("Always false.", example=False, limits={"const": False}),
    "call_status": Note("Always 0.", 0, _ALWAYS_ZERO),
    "url": Note(
        "The address of the page, valid for one hour.",
        "https://hub.example.com/v4/game/round?key=eyJh...",
    ),
    "day": Note("The day, in the agent's time zone.", "2026-09-21"),
    "slot_bet": Note("Staked on slots, less what was cancelled.", eur(15_000)),
    "slot_win": Note("Won on slots.", eur(14_100)),
    "live_bet": Note("Staked on live games, less what was cancelled.", eur(0)),
    "live_win": Note("Won on live games.", eur(0)),
    "mini_bet": Note("Staked on all other games, less what was cancelled.", eur(250)),
    "mini_win": Note("Won on all other games.", eur(500)),
}

ENVELOPE_NOTES: Final[Notes] = {
    "code": Note("What became of the call; 0 is success.", 0),
    "message": Note("The code's symbolic name.", "OK"),
    "FieldFault.field": Note('The field\'s name; "" is the body itself.', "user_code"),
    "FieldFault.message": Note(
        "A sentence that names the field and the cure.",
        "user_code is required: the whole number that user/create gave, such as 400000123.",
    ),
    "error_id": Note("The entry of the API error log behind it; name it when you ask.", 88_012),
    "reason": Note(
        "Why, in one sentence.",
        f"The backend answered result 21: {ApiCode.USER_NOT_FOUND.sentence}",
    ),
}

MAIN_API_NOTES: Final[Notes] = {
    **GAME_NOTES,
    **AGENT_AND_USER_NOTES,
    **HISTORY_NOTES,
    **ENVELOPE_NOTES,
}

MAIN_API_ROWS: Final[Rows] = {
    "ProviderItem": [
        {},
        {
            "provider_id": 210,
            "provider_name": "Nordic Live",
            "locale_name": "Nordic Live",
            "status": 2,
        },
    ],
    "TransactionItem": [
        {"callback_trans_id": LEFT_OUT},
        {
            "callback_trans_id": LEFT_OUT,
            "trans_id": 5_002,
            "trans_type": 2,
            "prebalance": eur(11_900),
            "trans_amount": eur(900),
            "balance": eur(12_800),
            "regdate": "2026-09-21 14:13:24",
            "time_stamp": 1_790_000_002_456,
            "trans_guid": "mn-fedcba9876543210fedcba9876543210fedcba98",
            "created_at": "2026-09-21 14:13:23",
        },
    ],
}
