"""What all reports have in common: a window of time in the agent's zone, and pages of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final, Generic, TypeVar
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from meganodes.hub.times import WINDOW_DAYS_MAX, is_too_long, read_instant
from meganodes.journal.turnover import Page, Window
from meganodes.main_api.v4.schemas import INT64_MAX, LIST_LIMIT_MAX, Body, WholeNumber

ItemT = TypeVar("ItemT")

_TIME: Final = "a time such as 2026-09-21 14:00:00 in your time zone, or 2026-09-21T14:00:00+02:00"
_PATTERN: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[ Tt][0-9]{2}:[0-9]{2}:[0-9]{2}([.,][0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}(:?[0-5][0-9])?)?$"
)
_SCHEMA: Final = WithJsonSchema(
    {"type": "string", "pattern": _PATTERN, "examples": ["2026-09-21 14:00:00"]}
)


def _instant(value: object, info: ValidationInfo) -> int:
    at_ms = read_instant(value, _zone(info)) if isinstance(value, str) else None
    if at_ms is None:
        raise ValueError
    return at_ms


def _end(end_ms: int, info: ValidationInfo) -> int:
    """Judge the end by the start, if that is a time: no window runs back or is too long."""
    start_ms = info.data.get("start_time")
    if start_ms is not None and end_ms < start_ms:
        raise _rule("at or after start_time")
    if start_ms is not None and is_too_long(start_ms, end_ms, _zone(info)):
        raise _rule(f"at most {WINDOW_DAYS_MAX} days after start_time")
    return end_ms


def _zone(info: ValidationInfo) -> ZoneInfo:
    zone = (info.context or {}).get("zone")
    assert isinstance(zone, ZoneInfo), "times are read in somebody's zone"
    return zone


def _rule(rule: str) -> PydanticCustomError:
    """Say what the field must be, where that is more exact than its description."""
    return PydanticCustomError("rule", "must be {rule}", {"rule": rule})


class ReportBody(Body):
    """game/transaction and statistics/*: the window is [start_time, end_time)."""

    start_time: Annotated[int, BeforeValidator(_instant), _SCHEMA, Field(description=_TIME)]
    end_time: Annotated[
        int,
        AfterValidator(_end),
        BeforeValidator(_instant),
        _SCHEMA,
        Field(description=_TIME),
    ]
    offset: Annotated[
        int,
        Field(
            ge=0,
            le=INT64_MAX,
            description="a whole number: how many entries to leave out, 0 at first",
        ),
        WholeNumber(),
    ]
    limit: Annotated[
        int,
        Field(ge=1, le=LIST_LIMIT_MAX, description="a whole number from 1 to 2000"),
        WholeNumber(),
    ]

    @property
    def window(self) -> Window:
        """What is reported."""
        return Window(start_ms=self.start_time, end_ms=self.end_time)

    @property
    def page(self) -> Page:
        """Which part of it is wanted."""
        return Page(offset=self.offset, limit=self.limit)


class ReportPage(TypedDict, Generic[ItemT]):
    """`count` items of the `total` that the window has, after leaving out `offset`."""

    total: int
    offset: int
    count: int
    list: Sequence[ItemT]


def page_of(body: ReportBody, total: int, items: Sequence[ItemT]) -> ReportPage[ItemT]:
    """Put the page together that a body asked for."""
    return {"total": total, "offset": body.offset, "count": len(items), "list": items}
