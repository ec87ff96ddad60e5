"""The page of a round as text, line by line: what the template shows, without anything to decide.

Amounts, dates and words are put into the reader's language here, times into the agent's time zone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from meganodes.hub.round_page import RoundStory
from meganodes.hub.round_page_steps import OPEN_STANDINGS, PageStep, Standing, StepKind
from meganodes.player_pages.round_texts import MINUS, PLUS, RoundWords

_SIGNS: Final = {
    StepKind.BET: MINUS,
    StepKind.WIN: PLUS,
    StepKind.NO_WIN: "",
    StepKind.RETURN: PLUS,
}
_NOTHING_MOVED: Final = frozenset({Standing.REFUSED, Standing.BALANCE_TOO_LOW, Standing.NOT_BOOKED})


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetTime:
    """A time of day and its date, as people read them and as machines do (ISO 8601)."""

    time: str
    day: str
    iso: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetLine:
    """One step. ``tone`` is how it looks; ``day`` and ``game_name`` are "" while they go on."""

    tone: str
    title: str
    text: str
    amount: str
    at: SheetTime
    day: str
    game_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetSum:
    """One line of what the round came to."""

    title: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundSheet:
    """Everything on the page that is not the same for every round."""

    round_id: str
    provider_name: str
    game_name: str
    currency_code: str
    closed: bool
    result_title: str
    result: str
    is_gain: bool
    begun: SheetTime
    time_zone: str
    sums: tuple[SheetSum, ...]
    lines: tuple[SheetLine, ...]
    replay_url: str | None


def round_sheet(story: RoundStory, words: RoundWords) -> RoundSheet:
    """Put a round into words."""
    zone = ZoneInfo(story.time_zone)
    exponent = story.currency.exponent
    net_minor = story.sums.net_minor
    is_final = story.closed and not any(each.standing in OPEN_STANDINGS for each in story.steps)
    return RoundSheet(
        round_id=story.round_id,
        provider_name=story.provider_name,
        game_name=" · ".join(dict.fromkeys(story.game_names.values())),
        currency_code=story.currency.code,
        closed=story.closed,
        result_title=words.result if is_final else words.result_so_far,
        result=words.amount(net_minor, exponent, sign=PLUS if net_minor > 0 else ""),
        is_gain=net_minor > 0,
        begun=_moment(story.steps[0].at_ms, zone, words),
        time_zone=words.times.format(zone=story.time_zone.replace("_", " ")),
        sums=_sums(story, words),
        lines=_lines(story, zone, words),
        replay_url=story.replay_url,
    )


def _sums(story: RoundStory, words: RoundWords) -> tuple[SheetSum, ...]:
    """Write the sums; those that most rounds do not have only where there is something."""
    sums = story.sums
    shown = [
        (words.staked, sums.staked_minor, True),
        (words.returned, sums.returned_minor, sums.returned_minor > 0),
        (words.won, sums.won_minor, True),
        (words.unpaid, sums.open_minor, sums.open_minor > 0),
    ]
    exponent = story.currency.exponent
    return tuple(
        SheetSum(title=title, amount=words.amount(amount_minor, exponent))
        for title, amount_minor, is_shown in shown
        if is_shown
    )


def _lines(story: RoundStory, zone: ZoneInfo, words: RoundWords) -> tuple[SheetLine, ...]:
    exponent = story.currency.exponent
    several_games = len(story.game_names) > 1
    day, game_code, lines = "", "", []
    for step in story.steps:
        at = _moment(step.at_ms, zone, words)
        is_other_game = several_games and step.game_code != game_code
        lines.append(
            SheetLine(
                tone=_tone(step),
                title=words.steps[step.kind],
                text=words.steps[f"{step.kind}_{step.standing}"],
                amount=words.amount(step.amount_minor, exponent, sign=_sign(step)),
                at=at,
                day=at.day if at.day != day else "",
                game_name=story.game_names[step.game_code] if is_other_game else "",
            )
        )
        day, game_code = at.day, step.game_code
    return tuple(lines)


def _sign(step: PageStep) -> str:
    """Give the way the money went; none where none went, or nobody knows yet whether it did."""
    is_undecided = step.kind is StepKind.BET and step.standing is Standing.CHECKING
    has_moved = step.amount_minor and not is_undecided and step.standing not in _NOTHING_MOVED
    return _SIGNS[step.kind] if has_moved else ""


def _tone(step: PageStep) -> str:
    if step.standing in OPEN_STANDINGS:
        return "waiting"
    return "still" if step.standing in _NOTHING_MOVED else step.kind.value.replace("_", "-")


def _moment(at_ms: int, zone: ZoneInfo, words: RoundWords) -> SheetTime:
    at = datetime.fromtimestamp(at_ms // 1_000, zone)
    return SheetTime(time=at.strftime("%H:%M:%S"), day=words.day(at), iso=at.isoformat())
