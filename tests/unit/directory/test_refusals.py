"""Which refusals leave a row: what people do leaves them all, a flood leaves a few (S26)."""

from __future__ import annotations

import pytest

from meganodes.directory.refusals import (
    JUDGED,
    ROWS_OF_A_KIND_MAX,
    WINDOW_SECONDS,
    RefusalRows,
    Refused,
)

COUNTED = sorted(set(Refused) - JUDGED)


@pytest.mark.security("S26")
@pytest.mark.parametrize("kind", COUNTED)
@pytest.mark.security("S26")
def test_somebody_leaves_a_row_of_a_kind_once_a_minute(kind: Refused) -> None:
    rows = RefusalRows()
    assert rows.admit(kind, "anna", 0.0) == 0
    assert [rows.admit(kind, "anna", float(second)) for second in range(1, 60)] == [None] * 59
    assert rows.admit(kind, "anna", WINDOW_SECONDS) == 59, "the next row tells of the others"
    assert rows.admit(kind, "anna", 2 * WINDOW_SECONDS) == 0


@pytest.mark.security("S26")
def test_other_people_and_other_kinds_have_rows_of_their_own() -> None:
    rows = RefusalRows()
    for kind in Refused:
        assert [rows.admit(kind, who, 1.0) for who in ("anna", "bert")] == [0, 0]


@pytest.mark.security("S26")
@pytest.mark.parametrize("kind", sorted(JUDGED))
@pytest.mark.security("S26")
def test_each_try_that_was_judged_leaves_a_row(kind: Refused) -> None:
    rows = RefusalRows()
    assert [rows.admit(kind, "anna", 1.0) for _ in range(10)] == [0] * 10


@pytest.mark.security("S26")
@pytest.mark.parametrize("kind", sorted(Refused))
@pytest.mark.security("S26")
def test_a_flood_from_everywhere_leaves_no_more_than_thirty_a_minute(kind: Refused) -> None:
    rows = RefusalRows()
    admitted = [rows.admit(kind, f"2001:db8::{number}", 1.0) for number in range(10_000)]
    assert admitted.count(None) == 10_000 - ROWS_OF_A_KIND_MAX
    assert rows.admit(kind, "anna", 1.0 + WINDOW_SECONDS) == 10_000 - ROWS_OF_A_KIND_MAX
