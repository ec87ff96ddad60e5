"""The phases of an attempt have words that logs and pages keep."""

from __future__ import annotations

from meganodes.domain.outcome import NotSent, Phase


def test_phases_have_the_words_that_are_stored() -> None:
    assert [phase.value for phase in Phase] == ["before_send", "sent", "complete"]


def test_what_was_not_sent_counts_as_a_try_unless_the_hub_held_it_back() -> None:
    assert NotSent(reason="DNS").counted is True
