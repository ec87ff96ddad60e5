"""The history keeps what was observed in order, and its digest tells runs apart."""

from __future__ import annotations

from tests.simulation.history import Fault, History, Phase, Reached


def a_history(*lines: str, at: float = 1.5) -> History:
    history = History(lambda: at)
    for line in lines:
        history.reached(line)
    return history


def test_records_keep_their_order_and_are_found_by_kind() -> None:
    history = a_history("2.6-bet-a", "2.6-bet-b")
    history.fault("reply lost", agent_id=3)
    history.phase("healed")

    assert [reached.line for reached in history.of(Reached)] == ["2.6-bet-a", "2.6-bet-b"]
    assert list(history.of(Fault)) == [Fault(at=1.5, kind="reply lost", agent_id=3)]
    assert list(history)[-1] == Phase(at=1.5, name="healed")
    assert len(history) == 4


def test_equal_runs_have_equal_digests() -> None:
    assert a_history("a", "b").digest() == a_history("a", "b").digest()


def test_another_order_another_time_or_a_missing_record_changes_the_digest() -> None:
    told = a_history("a", "b").digest()
    others = [a_history("b", "a"), a_history("a"), a_history("a", "b", at=1.6), a_history()]

    assert told not in [other.digest() for other in others]
