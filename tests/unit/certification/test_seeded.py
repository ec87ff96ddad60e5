"""Ids of a run: new ones every time, the same ones when the same run is repeated."""

from __future__ import annotations

import re

from meganodes.certification.seeded import Seeded
from meganodes.kit.identity import first_trans_id

STARTED_MS = 1_790_000_000_000
THIRTY_YEARS_MS = 30 * 365 * 86_400_000


def some(seeded: Seeded) -> list[object]:
    return [seeded.guid(), seeded.number(), seeded.word(12), seeded.between(1, 10**9)]


def test_the_same_seed_and_start_give_the_same_ids() -> None:
    assert some(Seeded(7, STARTED_MS)) == some(Seeded(7, STARTED_MS))


def test_another_seed_or_start_gives_other_ids() -> None:
    first = some(Seeded(7, STARTED_MS))
    for other in (Seeded(8, STARTED_MS), Seeded(7, STARTED_MS + 1)):
        assert not set(first) & set(some(other))


def test_ids_of_a_run_all_differ() -> None:
    seeded = Seeded(1, STARTED_MS)
    assert len({seeded.guid() for _ in range(1_000)}) == 1_000
    assert len({seeded.number() for _ in range(1_000)}) == 1_000


def test_a_guid_looks_like_a_hubs() -> None:
    assert re.fullmatch(r"mn-[0-9a-f]{40}", Seeded(1, STARTED_MS).guid())


def test_a_number_is_none_that_a_hub_gives_in_thirty_years() -> None:
    number = Seeded(1, STARTED_MS).number()
    assert first_trans_id(STARTED_MS + THIRTY_YEARS_MS) < number < 2**53


def test_between_takes_both_ends() -> None:
    seeded = Seeded(1, STARTED_MS)
    assert {seeded.between(3, 5) for _ in range(200)} == {3, 4, 5}
