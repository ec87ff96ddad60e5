"""What is broken on purpose is found, by the judge that must find it, in the recorded run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.simulation.checkers import CHECKERS
from tests.simulation.planted_bugs import (
    FOLDER,
    PatchRefused,
    Planted,
    all_planted,
    look_for,
    planted,
)
from tests.support.effort import effort

SECONDS_MAX = 5.0
"""What a recorded run may take of a core; where others share it everything takes longer."""
_SHARED = 3.0

BUGS = all_planted()[:: effort(7, 1)]
"""Some of them in `make test`, all twenty in `make check-money`."""

pytestmark = pytest.mark.thorough


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.patch)
def test_a_planted_bug_is_found_by_its_judge_in_the_recorded_run(bug: Planted) -> None:
    found = look_for(bug)

    assert found.sentences, f"{bug.patch} was not found: {bug.breaks}"
    assert found.run_seconds <= SECONDS_MAX * _SHARED


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.patch)
def test_the_same_run_of_the_hub_as_it_is_has_nothing_to_say(bug: Planted) -> None:
    assert look_for(replace(bug, patch="")).sentences == ()


def test_there_are_twenty_each_with_its_patch_and_its_judge() -> None:
    bugs = all_planted()

    assert [bug.patch[:2] for bug in bugs] == [f"{number:02}" for number in range(1, 21)]
    assert {path.stem for path in FOLDER.glob("*.patch")} == {bug.patch for bug in bugs}
    assert {bug.judge for bug in bugs} <= set(CHECKERS)


def test_a_patch_that_does_not_apply_is_refused() -> None:
    bug = replace(all_planted()[0], patch="no_such")

    with pytest.raises(PatchRefused), planted(bug):
        pass
