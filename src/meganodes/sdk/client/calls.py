"""Every call of the Main API that this client makes, as a value: what is sent, how it is read.

Nothing here talks to a network: the clients do, in their own ways.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from meganodes.protocol.commands import TransType
from meganodes.sdk.client.errors import AnswerUnreadable
from meganodes.sdk.client.fields import Fields, listed
from meganodes.sdk.client.results import (
    CallbackTest,
    CreatedUser,
    DaySums,
    Game,
    GameKey,
    GameSums,
    KnownAgent,
    OnlineGame,
    Page,
    Provider,
    Sums,
    Transaction,
    UserBalance,
    UserSums,
)

T = TypeVar("T")
_MAINTENANCE = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Call(Generic[T]):
    """One call. ``repeatable``: it may be sent again when no answer came.

    ``read`` takes the answer's data and how many decimals its amounts have.
    """

    path: str
    read: Callable[[object, int], T]
    fields: Mapping[str, object] = field(default_factory=dict)
    repeatable: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Which part of a report is wanted: [start, end), at most 31 days, both with a time zone."""

    start: datetime
    end: datetime
    offset: int = 0
    limit: int = 2000

    def fields(self) -> Mapping[str, object]:
        """Give the fields of the request."""
        if self.start.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("give times with their time zone, such as datetime(..., tzinfo=UTC)")
        return {
            "start_time": self.start.isoformat(timespec="seconds"),
            "end_time": self.end.isoformat(timespec="seconds"),
            "offset": self.offset,
            "limit": self.limit,
        }


def agent_info() -> Call[KnownAgent]:
    return Call(path="agent/info", read=_agent_info)


def callback_test() -> Call[CallbackTest]:
    # It sends two calls to the agent's backend and has few turns: never twice by itself.
    return Call(path="agent/callback-test", read=_callback_test, repeatable=False)


def create_user(name: str) -> Call[CreatedUser]:
    # Idempotent by name (contract 2.2).
    return Call(path="user/create", read=_created_user, fields={"name": name})


def user_info(user_code: int) -> Call[UserBalance]:
    return Call(path="user/info", read=_user_info, fields={"user_code": user_code})


def providers(lang: int) -> Call[tuple[Provider, ...]]:
    return Call(path="game/providers", read=_all(_provider), fields={"lang": lang})


def games(provider_id: int, lang: int) -> Call[tuple[Game, ...]]:
    fields = {"provider_id": provider_id, "lang": lang}
    return Call(path="game/games", read=_all(_game), fields=fields)


def all_games(lang: int) -> Call[tuple[Game, ...]]:
    return Call(path="game/all", read=_all(_game), fields={"lang": lang})


def game_url(user_code: int, game: GameKey, lang: int, return_url: str) -> Call[str]:
    # A lost answer leaves an address that nobody opens, which expires: asking again is harmless.
    fields = {
        "user_code": user_code,
        "provider_id": game.provider_id,
        "game_symbol": game.game_code,
        "lang": lang,
        "return_url": return_url,
    }
    return Call(path="game/game-url", read=_text("game_url"), fields=fields)


def online_games() -> Call[tuple[OnlineGame, ...]]:
    return Call(path="game/online-games", read=_all(_online_game))


def round_url(user_code: int, round_id: str, game: GameKey | None) -> Call[str]:
    fields: dict[str, object] = {"user_code": user_code, "round_id": round_id}
    if game is not None:
        fields |= {"provider_id": game.provider_id, "game_code": game.game_code}
    return Call(path="game/round-details", read=_text("url"), fields=fields)


def transactions_after(position: int, limit: int) -> Call[tuple[Transaction, ...]]:
    fields = {"last_id": position, "limit": limit}
    return Call(path="game/transaction-id", read=_all(_transaction), fields=fields)


def transactions_between(window: Window) -> Call[Page[Transaction]]:
    return Call(path="game/transaction", read=_page(_transaction), fields=window.fields())


def sums_by_user(window: Window) -> Call[Page[UserSums]]:
    return Call(path="statistics/user", read=_page(_user_sums), fields=window.fields())


def sums_by_game(window: Window) -> Call[Page[GameSums]]:
    return Call(path="statistics/game", read=_page(_game_sums), fields=window.fields())


def sums_by_day(window: Window) -> Call[Page[DaySums]]:
    return Call(path="statistics/day", read=_page(_day_sums), fields=window.fields())


# --- reading ----------------------------------------------------------------------------------


def _all(item: Callable[[Fields], T]) -> Callable[[object, int], tuple[T, ...]]:
    def read(data: object, exponent: int) -> tuple[T, ...]:
        return tuple(item(Fields(each, exponent)) for each in listed(data, "the answer's data"))

    return read


def _page(item: Callable[[Fields], T]) -> Callable[[object, int], Page[T]]:
    def read(data: object, exponent: int) -> Page[T]:
        page = Fields(data, exponent)
        items = tuple(item(Fields(each, exponent)) for each in page.items("list"))
        return Page(total=page.whole("total"), offset=page.whole("offset"), items=items)

    return read


def _text(name: str) -> Callable[[object, int], str]:
    return lambda data, exponent: Fields(data, exponent).text(name)


def _agent_info(data: object, exponent: int) -> KnownAgent:
    fields = Fields(data, exponent)
    return KnownAgent(
        name=fields.text("name"),
        currency_code=fields.text("currency_code"),
        state=fields.text("state"),
        allow_list=fields.texts("whitelist"),
        client_ip=fields.text("client_ip"),
    )


def _callback_test(data: object, exponent: int) -> CallbackTest:
    fields = Fields(data, exponent)
    return CallbackTest(
        callback_url=fields.text("callback_url"),
        time=fields.text("time"),
        reachable=fields.truth("reachable"),
        http_status=fields.optional_whole("http_status"),
        token_checked=fields.truth("token_checked"),
        reply=fields.text("reply"),
    )


def _created_user(data: object, exponent: int) -> CreatedUser:
    fields = Fields(data, exponent)
    return CreatedUser(user_code=fields.whole("user_code"), is_new=fields.truth("is_new_user"))


def _user_info(data: object, exponent: int) -> UserBalance:
    fields = Fields(data, exponent)
    return UserBalance(name=fields.text("name"), balance_minor=fields.amount_minor("balance"))


def _provider(fields: Fields) -> Provider:
    return Provider(
        provider_id=fields.whole("provider_id"),
        name=fields.text("provider_name"),
        local_name=fields.text("locale_name"),
        in_maintenance=fields.whole("status") == _MAINTENANCE,
    )


def _game(fields: Fields) -> Game:
    return Game(
        provider_id=fields.whole("provider_id"),
        game_code=fields.text("game_code"),
        name=fields.text("game_name"),
        local_name=fields.text("locale_name"),
        image=fields.text("game_image"),
        image_narrow=fields.text("game_image_narrow"),
        can_launch=fields.truth("launch_enable"),
        category=fields.text("category"),
        sub_category=fields.text("sub_category"),
    )


def _online_game(fields: Fields) -> OnlineGame:
    return OnlineGame(
        gplay_id=fields.whole("gplay_id"),
        user_code=fields.whole("user_code"),
        user_name=fields.text("user_name"),
        provider_id=fields.whole("provider_id"),
        game_code=fields.text("game_code"),
        category=fields.whole("category"),
        last_round_bet_minor=fields.amount_minor("last_round_bet"),
        bet_minor=fields.amount_minor("spend"),
        win_minor=fields.amount_minor("win"),
        started=fields.text("start_time"),
        last_update=fields.text("last_update"),
    )


def _transaction(fields: Fields) -> Transaction:
    guid, number = fields.optional_text("trans_guid"), fields.optional_whole("callback_trans_id")
    is_told = fields.truth("balance_known")
    return Transaction(
        position=fields.whole("trans_id"),
        kind=_kind(fields.whole("trans_type")),
        callback_id=guid or str(number),
        cancelled_id=fields.optional_text("cancel_trans_guid"),
        user_code=fields.whole("user_code"),
        round_id=fields.text("round_id"),
        provider_id=fields.whole("provider_id"),
        game_code=fields.text("game_code"),
        amount_minor=fields.amount_minor("trans_amount"),
        balance_before_minor=fields.amount_minor("prebalance") if is_told else None,
        balance_minor=fields.amount_minor("balance") if is_told else None,
        currency_code=fields.text("currency_code"),
        listed_at_ms=fields.whole("time_stamp"),
        created_at=fields.text("created_at"),
    )


def _kind(number: int) -> TransType:
    try:
        return TransType(number)
    except ValueError:
        raise AnswerUnreadable(f"`trans_type` {number} is none that this client knows") from None


def _sums(fields: Fields) -> Sums:
    return Sums(
        slot_bet_minor=fields.amount_minor("slot_bet"),
        slot_win_minor=fields.amount_minor("slot_win"),
        live_bet_minor=fields.amount_minor("live_bet"),
        live_win_minor=fields.amount_minor("live_win"),
        mini_bet_minor=fields.amount_minor("mini_bet"),
        mini_win_minor=fields.amount_minor("mini_win"),
    )


def _user_sums(fields: Fields) -> UserSums:
    return UserSums(
        user_code=fields.whole("user_code"), user_name=fields.text("user_name"), sums=_sums(fields)
    )


def _game_sums(fields: Fields) -> GameSums:
    return GameSums(
        provider_id=fields.whole("provider_id"),
        game_code=fields.text("game_code"),
        category=fields.text("category"),
        sums=_sums(fields),
    )


def _day_sums(fields: Fields) -> DaySums:
    return DaySums(day=fields.text("day"), sums=_sums(fields))
