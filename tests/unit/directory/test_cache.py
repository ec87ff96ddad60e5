"""A bounded map forgets what was used longest ago."""

from meganodes.directory.cache import LruCache


def test_oldest_entry_goes_when_there_is_no_room() -> None:
    cache: LruCache[str, int] = LruCache(2)
    assert cache.put("a", 1) is None
    assert cache.put("b", 2) is None
    assert cache.put("c", 3) == ("a", 1)
    assert (cache.get("a"), cache.get("b"), cache.get("c")) == (None, 2, 3)
    assert len(cache) == 2


def test_use_makes_an_entry_young_and_a_peek_does_not() -> None:
    cache: LruCache[str, int] = LruCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    assert cache.peek("b") == 2
    assert cache.put("c", 3) == ("b", 2)


def test_new_value_replaces_the_old_one_without_driving_another_out() -> None:
    cache: LruCache[str, int] = LruCache(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.put("a", 3) is None
    assert list(cache.values()) == [2, 3]


def test_discarded_and_cleared_entries_are_gone() -> None:
    cache: LruCache[str, int] = LruCache(2)
    cache.put("a", 1)
    cache.discard("a")
    cache.discard("never there")
    cache.put("b", 2)
    cache.clear()
    assert (cache.get("a"), cache.get("b"), len(cache)) == (None, None, 0)
