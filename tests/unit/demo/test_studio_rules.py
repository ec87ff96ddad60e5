"""What a provider may conclude from an answer, row by row (contract section 4)."""

from __future__ import annotations

import pytest

from meganodes.demo.studio_rules import (
    Answer,
    StudioCommand,
    Verdict,
    gives_up,
    judge,
    pause_seconds,
)

FINAL = [2002, 2006, 3003, 3004, 3005, 3006, 3007, 3008, 3010]
NOT_RECORDED = [1002, 1009, 2003, 2013, 3001, 3002]


def judged(command: StudioCommand, code: int, *, maybe: bool = False, status: int = 200) -> Verdict:
    return judge(command, Answer(status=status, code=code), maybe_recorded=maybe)


@pytest.mark.parametrize("command", list(StudioCommand))
@pytest.mark.parametrize("maybe", [False, True])
class TestAnyCommand:
    def test_zero_is_done(self, command: StudioCommand, *, maybe: bool) -> None:
        assert judged(command, 0, maybe=maybe) is Verdict.DONE

    @pytest.mark.parametrize("code", FINAL)
    def test_a_final_code_is_final(self, command: StudioCommand, code: int, *, maybe: bool) -> None:
        assert judged(command, code, maybe=maybe) is Verdict.REFUSED

    def test_no_answer_is_repeated(self, command: StudioCommand, *, maybe: bool) -> None:
        assert judge(command, None, maybe_recorded=maybe) is Verdict.REPEAT

    @pytest.mark.parametrize(
        ("status", "code"), [(200, 3009), (500, 1001), (503, 1001), (429, 1018)]
    )
    def test_an_indefinite_answer_is_repeated(
        self, command: StudioCommand, status: int, code: int, *, maybe: bool
    ) -> None:
        assert judged(command, code, maybe=maybe, status=status) is Verdict.REPEAT


@pytest.mark.parametrize("code", NOT_RECORDED)
def test_what_was_never_recorded_is_refused(code: int) -> None:
    for command in StudioCommand:
        assert judged(command, code) is Verdict.REFUSED


@pytest.mark.parametrize("code", NOT_RECORDED)
def test_a_stake_that_may_have_been_recorded_before_is_undone(code: int) -> None:
    assert judged(StudioCommand.BET, code, maybe=True) is Verdict.UNDO
    assert judged(StudioCommand.BETWIN, code, maybe=True) is Verdict.UNDO
    assert judged(StudioCommand.WIN, code, maybe=True) is Verdict.REFUSED
    assert judged(StudioCommand.CANCEL, code, maybe=True) is Verdict.REFUSED


def test_only_a_bet_is_given_up() -> None:
    assert gives_up(StudioCommand.BET, 4, 4)
    assert not gives_up(StudioCommand.BET, 3, 4)
    for command in (StudioCommand.WIN, StudioCommand.BETWIN, StudioCommand.CANCEL):
        assert not gives_up(command, 1_000, 4)


def test_pauses_grow_to_two_seconds() -> None:
    assert pause_seconds(1) == pytest.approx(0.2)
    assert pause_seconds(2) == pytest.approx(0.3)
    assert pause_seconds(50) == 2.0
