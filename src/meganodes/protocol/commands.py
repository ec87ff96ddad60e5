"""The six commands of a callback: their checks, their deadlines and the exact bytes of `data`.

The bytes are fixed with the intent and repeated by every attempt, so they are rendered here once,
from integers and text, in the key order of the contract's table (contract 3.1).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from json.encoder import encode_basestring_ascii as _quoted
from types import MappingProxyType
from typing import Final

from meganodes.protocol.money import AMOUNT_MAX_MINOR, format_amount


class Command(StrEnum):
    """What a callback asks the agent's backend (contract 3.1)."""

    AUTHENTICATE = "authenticate"
    BALANCE = "balance"
    BET = "bet"
    WIN = "win"
    CANCEL = "cancel"
    STATUS = "status"


class Revision(StrEnum):
    """The two wires in the field: transactions named by text or by number (contract, top)."""

    GUID = "guid"
    ID = "id"


class Category(StrEnum):
    """What the Main API calls the category of a game (contract 2.2)."""

    SLOTS = "Slots"
    LIVE = "Live"
    MINI = "mini"


class TransType(IntEnum):
    """The number of a movement's kind, in callbacks and in transaction lists."""

    BET = 1
    WIN = 2
    CANCEL = 16


DEADLINE_SECONDS: Final[Mapping[Command, float]] = MappingProxyType(
    {
        Command.AUTHENTICATE: 4.0,
        Command.BALANCE: 2.0,
        Command.BET: 2.0,
        Command.WIN: 4.0,
        Command.CANCEL: 4.0,
        Command.STATUS: 4.0,
    }
)
"""Total time of one callback, connect included (contract 3.3)."""

_CHECKS: Final[Mapping[Command, tuple[int, ...]]] = MappingProxyType(
    {
        Command.AUTHENTICATE: (21,),
        Command.BALANCE: (21, 22),
        Command.BET: (21, 22, 41, 31),
        Command.WIN: (21, 22, 41),
        Command.CANCEL: (21, 22, 41, 43),
        Command.STATUS: (21, 42),
    }
)
_CHECKS_OF_CANCEL_BY_ID: Final = (21, 22, 42)
_GAME_TYPES: Final[Mapping[Category, str]] = MappingProxyType(
    {Category.SLOTS: "slot", Category.LIVE: "live", Category.MINI: "mini"}
)
_REFINED_GAME_TYPES: Final = frozenset({"table", "crash"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One movement of a user's money, with everything a backend of either revision is told."""

    account: str
    gplay_id: int
    trans_guid: str
    """The movement's own id on the wire of revision `guid`."""
    trans_id: int
    """The movement's own id on the wire of revision `id`."""
    time_stamp_ms: int
    round_id: str
    provider_id: int
    provider_name: str
    game_code: str
    game_name: str
    category: Category
    sub_category: str
    amount_minor: int
    exponent: int


def checks(command: Command, revision: Revision) -> tuple[int, ...]:
    """Give the checks a backend makes for a command, in the order to evaluate (contract 3.1)."""
    if command is Command.CANCEL and revision is Revision.ID:
        return _CHECKS_OF_CANCEL_BY_ID
    return _CHECKS[command]


def check_text(command: Command, revision: Revision) -> str:
    """Give the checks as the envelope carries them, such as `21,22,41,31`."""
    return ",".join(map(str, checks(command, revision)))


def game_type(revision: Revision, category: Category, sub_category: str) -> str:
    """Give the `game_type` of a callback (contract 3.1).

    Revision `id` repeats the category. Revision `guid` has words of its own; `table` and `crash`
    come from the sub-category of a game that is not live.
    """
    if revision is Revision.ID:
        return category.value
    refined = sub_category.lower()
    if category is not Category.LIVE and refined in _REFINED_GAME_TYPES:
        return refined
    return _GAME_TYPES[category]


def authenticate_data(account: str) -> bytes:
    """Render `data` of an authenticate."""
    return f'{{"account":{_quoted(account)}}}'.encode()


def balance_data(account: str) -> bytes:
    """Render `data` of a balance."""
    return authenticate_data(account)


def bet_data(revision: Revision, movement: Movement) -> bytes:
    """Render `data` of a bet."""
    return _movement_data(revision, movement, TransType.BET)


def win_data(revision: Revision, movement: Movement) -> bytes:
    """Render `data` of a win; its amount may be 0."""
    return _movement_data(revision, movement, TransType.WIN)


def cancel_data(
    revision: Revision, movement: Movement, original_guid: str, original_trans_id: int
) -> bytes:
    """Render `data` of a cancel: `movement` has the cancel's own guid and the original's amount."""
    if revision is Revision.ID:
        return _data(_account_and_id(movement.account, original_trans_id), _game_by_id(movement))
    own = _movement_by_guid(movement, TransType.CANCEL)
    return _data(own, f'"cancel_trans_guid":{_quoted(original_guid)}')


def status_data(revision: Revision, account: str, trans_guid: str, trans_id: int) -> bytes:
    """Render `data` of a status question about one transaction."""
    if revision is Revision.ID:
        return _data(_account_and_id(account, trans_id))
    return _data(f'"account":{_quoted(account)},"trans_guid":{_quoted(trans_guid)}')


def _data(*members: str) -> bytes:
    return ("{" + ",".join(members) + "}").encode()


def _movement_data(revision: Revision, movement: Movement, kind: TransType) -> bytes:
    if revision is Revision.GUID:
        return _data(_movement_by_guid(movement, kind))
    return _data(
        _account_and_id(movement.account, movement.trans_id),
        '"call_id":0',
        _game_by_id(movement),
        _amount_and_type(movement, kind),
    )


def _movement_by_guid(movement: Movement, kind: TransType) -> str:
    kind_of_game = game_type(Revision.GUID, movement.category, movement.sub_category)
    return (
        f'"gplay_id":"{movement.gplay_id}",'
        f'"account":{_quoted(movement.account)},'
        f'"trans_guid":{_quoted(movement.trans_guid)},'
        f'"time_stamp":{movement.time_stamp_ms},'
        f'"round_id":{_quoted(movement.round_id)},'
        f'"provider_id":{movement.provider_id},'
        f'"game_code":{_quoted(movement.game_code)},'
        f'"game_type":"{kind_of_game}",'
        f"{_amount_and_type(movement, kind)}"
    )


def _account_and_id(account: str, trans_id: int) -> str:
    return f'"account":{_quoted(account)},"trans_id":{trans_id}'


def _game_by_id(movement: Movement) -> str:
    kind_of_game = game_type(Revision.ID, movement.category, movement.sub_category)
    return (
        f'"round_id":{_quoted(movement.round_id)},'
        f'"provider_id":{movement.provider_id},'
        f'"provider_name":{_quoted(movement.provider_name)},'
        f'"game_code":{_quoted(movement.game_code)},'
        f'"game_name":{_quoted(movement.game_name)},'
        f'"game_type":"{kind_of_game}"'
    )


def _amount_and_type(movement: Movement, kind: TransType) -> str:
    assert 0 <= movement.amount_minor <= AMOUNT_MAX_MINOR, "amounts are bounded at the door"
    amount = format_amount(movement.amount_minor, movement.exponent)
    return f'"amount":{amount},"type":{kind.value}'
