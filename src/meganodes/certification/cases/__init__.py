"""The cases, a file for each section."""

from collections.abc import Iterable
from typing import Final

from meganodes.certification.case import Case
from meganodes.certification.cases import (
    amounts,
    authenticate,
    balance,
    bet,
    cancel,
    duplicates,
    hostile,
    races,
    reordering,
    status,
    timing,
    token,
    transport,
    win,
)

EDITION: Final = 1
"""Rises when cases are added or judge differently, so that an old report is known as one."""

_FILES: Final = (
    *(transport, token, authenticate, balance, bet, win, cancel, status),
    *(duplicates, races, reordering, amounts, hostile, timing),
)


def in_order(cases: Iterable[Case]) -> tuple[Case, ...]:
    """Put each case behind those that it stands on, and otherwise leave the order as it is."""
    known = {case.id: case for case in cases}
    placed: dict[str, Case] = {}

    def place(case: Case) -> None:
        if case.id not in placed:
            for need in case.needs:
                place(known[need])
            placed[case.id] = case

    for case in known.values():
        place(case)
    return tuple(placed.values())


CASES: Final = in_order(case for file in _FILES for case in file.CASES)
"""All cases in the order in which they run."""
