"""Who was told to wait is told so from memory, for a second and for so many (S6)."""

from __future__ import annotations

from meganodes.directory.sign_in_throttle import Told


def test_somebody_is_told_from_memory_for_a_second() -> None:
    told = Told()
    told.note(b"a", 10.0)
    assert [told.was(b"a", now) for now in (10.0, 10.9, 11.0, 12.0)] == [True, True, False, False]
    assert not told.was(b"b", 10.0)
    assert not told.was(b"b", 0.5), "also when the clock has only begun"


def test_so_many_are_remembered_and_those_told_last_stay() -> None:
    told = Told()
    for number in range(20_000):
        told.note(number.to_bytes(4), 1.0)
    remembered = [number for number in range(20_000) if told.was(number.to_bytes(4), 1.0)]
    assert remembered == list(range(10_000, 20_000))
