"""Reports on the memory store: the plain meaning of what the databases do with sums and indexes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from typing import TypeVar, assert_never

from meganodes.domain.round import OpenRound
from meganodes.domain.transaction import Kind, RoundKey, State, Step, Transaction
from meganodes.journal.memory_tables import Entry, Tables
from meganodes.journal.search import ComparedRow
from meganodes.journal.store import OpenWork
from meganodes.journal.turnover import (
    QUARTER_MS,
    Page,
    QuarterTurnover,
    SessionTurnover,
    Turnover,
    TurnoverCourse,
    UserTurnovers,
    Window,
)
from meganodes.protocol.commands import TransType

_Key = TypeVar("_Key")
_Listed = tuple[Entry, Transaction]


def entries_between(tables: Tables, agent_id: int, window: Window) -> list[Entry]:
    """Give the entries listed in a window, oldest first."""
    placed = tables.placed.get(agent_id, [])
    return [each for each in placed if window.start_ms <= each.listed_at_ms < window.end_ms]


def open_work(tables: Tables) -> tuple[OpenWork, ...]:
    """Count what is pending, owed or parked, by agent and state."""
    since: dict[tuple[int, State], list[int]] = {}
    for held in tables.held.values():
        row = held.row
        is_due = row.step not in {Step.NONE, Step.PROBE}
        if is_due or row.state in {State.PENDING, State.PARKED}:
            begun = since.setdefault((row.agent_id, row.state), [])
            begun.append(row.owed_since_ms or row.created_at_ms)
    return tuple(
        OpenWork(agent_id=agent_id, state=state, count=len(begun), oldest_at_ms=min(begun))
        for (agent_id, state), begun in since.items()
    )


def open_rounds(tables: Tables, opened_before_ms: int) -> tuple[OpenRound, ...]:
    """Give rounds that took a stake and were never closed, oldest first."""
    opened: dict[RoundKey, int] = {}
    for held in tables.held.values():
        row, key = held.row, held.row.round_key
        view = tables.rounds.get(key)
        if row.kind is Kind.BET and row.state is State.ACCEPTED and view and not view.closed:
            opened[key] = min(opened.get(key, row.created_at_ms), row.created_at_ms)
    found = [
        OpenRound(key=key, opened_at_ms=at_ms)
        for key, at_ms in opened.items()
        if at_ms < opened_before_ms
    ]
    return tuple(sorted(found, key=lambda each: each.opened_at_ms))


def turnover_by_user(tables: Tables, agent_id: int, window: Window, page: Page) -> UserTurnovers:
    """Sum up a window by user and game, for a page of its users."""
    listed = _listed(tables, agent_id, window)
    users = sorted({row.user_code for _, row in listed})
    wanted = set(users[page.offset : page.offset + page.limit])
    sums = _sums(
        ((row.user_code, row.provider_id, row.game_code), entry, row)
        for entry, row in listed
        if row.user_code in wanted
    )
    turnovers = tuple(
        Turnover(
            user_code=key[0],
            provider_id=key[1],
            game_code=key[2],
            bet_minor=bet_minor,
            win_minor=win_minor,
        )
        for key, (bet_minor, win_minor) in sorted(sums.items())
    )
    return UserTurnovers(total=len(users), turnovers=turnovers)


def turnover_by_game(tables: Tables, agent_id: int, window: Window) -> tuple[Turnover, ...]:
    """Sum up a window by game."""
    listed = _listed(tables, agent_id, window)
    sums = _sums(((row.provider_id, row.game_code), entry, row) for entry, row in listed)
    return tuple(
        Turnover(
            user_code=None,
            provider_id=provider_id,
            game_code=game_code,
            bet_minor=bet_minor,
            win_minor=win_minor,
        )
        for (provider_id, game_code), (bet_minor, win_minor) in sorted(sums.items())
    )


def turnover_course(tables: Tables, agent_id: int, window: Window) -> TurnoverCourse:
    """Sum up a window by quarter and by game."""
    listed = _listed(tables, agent_id, window)
    sums = _sums((entry.listed_at_ms // QUARTER_MS, entry, row) for entry, row in listed)
    quarters = tuple(
        QuarterTurnover(start_ms=number * QUARTER_MS, bet_minor=bet_minor, win_minor=win_minor)
        for number, (bet_minor, win_minor) in sorted(sums.items())
    )
    return TurnoverCourse(quarters=quarters, games=turnover_by_game(tables, agent_id, window))


def turnover_by_session(
    tables: Tables, agent_id: int, gplay_ids: Collection[int], window: Window
) -> tuple[SessionTurnover, ...]:
    """Sum up a window by session, and look at the last round of each."""
    listed = [each for each in _listed(tables, agent_id, window) if each[1].gplay_id in gplay_ids]
    sums = _sums((row.gplay_id, entry, row) for entry, row in listed)
    # The newest comes last and stays.
    last_bets = {row.gplay_id: row for entry, row in listed if entry.trans_type is TransType.BET}
    return tuple(
        SessionTurnover(
            gplay_id=gplay_id,
            bet_minor=bet_minor,
            win_minor=win_minor,
            last_round_bet_minor=_standing_bets(tables, last_bets.get(gplay_id)),
        )
        for gplay_id, (bet_minor, win_minor) in sorted(sums.items())
    )


def _listed(tables: Tables, agent_id: int, window: Window) -> list[_Listed]:
    entries = entries_between(tables, agent_id, window)
    return [(entry, tables.held[entry.place].row) for entry in entries]


def _sums(moved: Iterable[tuple[_Key, Entry, Transaction]]) -> dict[_Key, tuple[int, int]]:
    sums: defaultdict[_Key, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for key, entry, row in moved:
        bet_minor, win_minor = sums[key]
        match entry.trans_type:
            case TransType.BET:
                bet_minor += row.amount_minor
            case TransType.CANCEL:
                bet_minor -= row.amount_minor
            case TransType.WIN:
                win_minor += row.amount_minor
            case _:
                assert_never(entry.trans_type)
        sums[key] = (bet_minor, win_minor)
    return sums


def _standing_bets(tables: Tables, last_bet: Transaction | None) -> int:
    """Add up the accepted bets that one session made in the round of its last bet."""
    if last_bet is None:
        return 0
    return sum(
        row.amount_minor
        for row in tables.rows_of_round(last_bet.round_key, {Kind.BET})
        if row.state is State.ACCEPTED and row.gplay_id == last_bet.gplay_id
    )


def compared_rows(tables: Tables, agent_id: int, first: int, past: int) -> tuple[ComparedRow, ...]:
    """Give what is compared of an agent's bets and wins, by number."""
    found = (held.row for (agent, _), held in tables.held.items() if agent == agent_id)
    wanted = [row for row in found if first <= row.trans_id < past and row.kind is not Kind.CANCEL]
    return tuple(
        ComparedRow(*(getattr(row, name) for name in ComparedRow._fields))
        for row in sorted(wanted, key=lambda row: row.trans_id)
    )
