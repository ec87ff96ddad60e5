"""Sessions in memory: bounded, exact about calls, and distrustful after a long silence."""

from dataclasses import replace

from meganodes.directory.session_cache import TRUSTED_MS, SessionCache
from tests.support.builders import NOW_MS, a_session


def _filled(capacity: int = 10) -> SessionCache:
    cache = SessionCache(capacity)
    cache.put(b"one", a_session(gplay_id=1, language="de", country="AT"), NOW_MS)
    return cache


def test_held_session_is_found_by_hash_and_number() -> None:
    cache = _filled()
    found = cache.get(b"one", NOW_MS)
    assert found == a_session(gplay_id=1, language="de", country="AT")
    assert cache.by_number(1) == found
    assert cache.get(b"two", NOW_MS) is None
    assert cache.by_number(2) is None


def test_bound_holds_for_both_ways_of_finding() -> None:
    cache = SessionCache(2)
    for number in (1, 2, 3):
        cache.put(str(number).encode(), a_session(gplay_id=number), NOW_MS)
    assert len(cache) == 2
    assert cache.by_number(1) is None
    assert cache.by_number(3) is not None


def test_call_is_noted_to_the_second() -> None:
    cache = _filled()
    cache.touch(1, NOW_MS + 999)
    assert cache.by_number(1) == cache.get(b"one", NOW_MS)
    assert cache.take_unwritten() == {}
    cache.touch(1, NOW_MS + 1_000)
    session = cache.by_number(1)
    assert session is not None
    assert session.last_call_at_ms == NOW_MS + 1_000
    assert cache.take_unwritten() == {1: NOW_MS + 1_000}
    assert cache.take_unwritten() == {}


def test_call_of_a_session_not_held_is_nothing() -> None:
    cache = _filled()
    cache.touch(5, NOW_MS)
    assert cache.take_unwritten() == {}


def test_calls_that_could_not_be_written_are_kept_for_the_next_time() -> None:
    cache = _filled()
    cache.touch(1, NOW_MS + 5_000)
    taken = cache.take_unwritten()
    cache.touch(1, NOW_MS + 9_000)
    cache.give_back(taken)
    assert cache.take_unwritten() == {1: NOW_MS + 9_000}
    cache.give_back(taken)
    assert cache.take_unwritten() == {1: NOW_MS + 5_000}


def test_silent_session_is_read_again_after_ten_minutes() -> None:
    cache = _filled()
    assert cache.get(b"one", NOW_MS + TRUSTED_MS - 1) is not None
    assert cache.get(b"one", NOW_MS + TRUSTED_MS) is None
    cache.touch(1, NOW_MS + 60_000)
    assert cache.get(b"one", NOW_MS + TRUSTED_MS) is not None


def test_distrusted_session_is_read_again() -> None:
    cache = _filled()
    cache.distrust(1)
    cache.distrust(99)
    assert cache.get(b"one", NOW_MS) is None
    cache.put(b"one", a_session(gplay_id=1), NOW_MS)
    assert cache.get(b"one", NOW_MS) is not None
    cache.distrust_all()
    assert cache.get(b"one", NOW_MS) is None


def test_reading_again_keeps_what_only_this_node_knows() -> None:
    cache = _filled()
    cache.touch(1, NOW_MS + 5_000)
    cache.distrust(1)
    merged = cache.put(b"one", a_session(gplay_id=1, ended_at_ms=NOW_MS), NOW_MS + 6_000)
    assert (merged.language, merged.country) == ("de", "AT")
    assert merged.last_call_at_ms == NOW_MS + 5_000
    assert merged.ended_at_ms == NOW_MS


def test_later_call_of_another_node_stays() -> None:
    cache = _filled()
    cache.touch(1, NOW_MS + 5_000)
    merged = cache.put(b"one", a_session(gplay_id=1, last_call_at_ms=NOW_MS + 8_000), NOW_MS)
    assert merged.last_call_at_ms == NOW_MS + 8_000


def test_update_replaces_a_held_session_only() -> None:
    cache = _filled()
    changed = replace(a_session(gplay_id=1), language="fr")
    cache.update(changed)
    cache.update(a_session(gplay_id=9))
    assert cache.by_number(1) == changed
    assert cache.by_number(9) is None


def test_a_read_while_calls_are_being_written_does_not_forget_them() -> None:
    """Else a session in use looks idle to the next bet, which is refused."""
    cache = _filled()
    cache.touch(1, NOW_MS + 5_000)
    cache.take_unwritten()
    read = cache.put(b"one", a_session(gplay_id=1), NOW_MS + 6_000)
    assert read.last_call_at_ms == NOW_MS + 5_000
