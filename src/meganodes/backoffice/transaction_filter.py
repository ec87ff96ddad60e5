"""What somebody looks for on the page of transactions, read from its address."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from meganodes.backoffice.messages import say
from meganodes.backoffice.numbers import number_of
from meganodes.backoffice.periods import moment_of
from meganodes.domain.transaction import Kind, State
from meganodes.journal.search import Sought
from meganodes.kit.identity import TRANS_ID_MAX, first_trans_id
from meganodes.protocol.money import AmountError, parse_amount

if TYPE_CHECKING:
    from meganodes.backoffice.page import Visit

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
PERIODS: Final = {
    "1h": _HOUR_MS,
    "24h": _DAY_MS,
    "7d": 7 * _DAY_MS,
    "31d": 31 * _DAY_MS,
    "all": None,
}
"""How far back, by the name in the address; "own" goes from one moment to another."""
OWN_PERIOD: Final = "own"
USUAL_PERIOD: Final = "24h"
_TEXTS: Final = ("user", "id", "round", "provider", "game", "type", "state", "min", "max")


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """What was asked for. ``texts`` fill the form again; ``faults`` say what cannot be meant.

    ``id_text`` asks for one id instead of a range of time. ``nobody``: there is no such user.
    """

    sought: Sought
    period: str
    texts: dict[str, str]
    id_text: str = ""
    nobody: bool = False
    faults: dict[str, str] = field(default_factory=dict)

    @property
    def is_narrow(self) -> bool:
        """Say whether more than a period was asked for."""
        return any(self.texts[name] for name in _TEXTS)

    def audited(self) -> dict[str, object]:
        """Give what was asked for, for the audit log."""
        asked = {name: text for name, text in self.texts.items() if text}
        return {**asked, "period": self.period}


async def asked_filter(visit: Visit) -> Filter:
    """Read the filter of a visit; what cannot be read is left out and named in ``faults``."""
    texts = {name: visit.query(name) for name in (*_TEXTS, "from", "to")}
    faults: dict[str, str] = {}
    first, past, period = _range(visit, texts, faults)
    user_code, nobody = await _user_code(visit, texts["user"])
    sought = Sought(
        agent_id=visit.own_agent.agent_id,
        first=first,
        past=past,
        user_code=user_code,
        provider_id=number_of(texts["provider"]),
        game_code=texts["game"] or None,
        round_id=texts["round"] or None,
        kind=Kind(texts["type"]) if texts["type"] in {Kind.BET, Kind.WIN} else None,
        states=(State(texts["state"]),) if texts["state"] in set(State) else (),
        amount_min_minor=_amount(visit, texts, "min", faults),
        amount_max_minor=_amount(visit, texts, "max", faults),
    )
    return Filter(
        sought=sought,
        period=period,
        texts=texts,
        id_text=texts["id"],
        nobody=nobody,
        faults=faults,
    )


def trans_id_of(text: str) -> int | None:
    """Read one of the hub's own numbers."""
    number = number_of(text)
    return number if number is not None and number <= TRANS_ID_MAX else None


def _range(visit: Visit, texts: dict[str, str], faults: dict[str, str]) -> tuple[int, int, str]:
    """Find the numbers of the time asked for."""
    period = visit.query("period", USUAL_PERIOD)
    from_ms, to_ms = None, None
    if period == OWN_PERIOD:
        from_ms, to_ms = (_moment(visit, texts, name, faults) for name in ("from", "to"))
    else:
        period = period if period in PERIODS else USUAL_PERIOD
        length_ms = PERIODS[period]
        if length_ms is not None:
            from_ms = visit.office.hub.clock.now_ms() - length_ms
    first = first_trans_id(from_ms) if from_ms is not None else 0
    past = first_trans_id(to_ms) if to_ms is not None else TRANS_ID_MAX + 1
    return first, past, period


def _moment(visit: Visit, texts: dict[str, str], name: str, faults: dict[str, str]) -> int | None:
    moment_ms = moment_of(texts[name], ZoneInfo(visit.staff.time_zone))
    if texts[name] and moment_ms is None:
        faults[name] = say("This is no date and time.")
    return moment_ms


def _amount(visit: Visit, texts: dict[str, str], name: str, faults: dict[str, str]) -> int | None:
    if not texts[name]:
        return None
    try:
        return parse_amount(texts[name], visit.own_agent.currency.exponent)
    except AmountError as fault:
        faults[name] = fault.reason
        return None


async def _user_code(visit: Visit, text: str) -> tuple[int | None, bool]:
    """Find the user that a number or a name means; the second value: there is nobody."""
    if not text:
        return None, False
    directory, agent_id = visit.office.hub.directory, visit.own_agent.agent_id
    number = number_of(text)
    by_number = None if number is None else await directory.user(number)
    if by_number is not None and by_number.agent_id == agent_id:
        return by_number.user_code, False
    named = await directory.users_named([agent_id], text, 1)
    return (named[0].user_code, False) if named else (None, True)
