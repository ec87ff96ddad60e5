"""The cases, a file for each section; what a case needs stands before it."""

from typing import Final

from meganodes.certification.case import Case
from meganodes.certification.cases import balance, bet, duplicates

EDITION: Final = 1
"""Rises when cases are added or judge differently, so that an old report is known as one."""

CASES: Final[tuple[Case, ...]] = (
    *balance.CASES,
    *bet.CASES,
    *duplicates.CASES,
)
