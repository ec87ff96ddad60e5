"""The limit of simultaneous requests of one agent."""

import pytest

from meganodes.main_api.v4.errors import CallRefused, busy
from meganodes.main_api.v4.places import Places


def test_the_one_too_many_is_told_at_once() -> None:
    """Contract 2.1: above the limit 1018 at once, with Retry-After."""
    places = Places(2, busy(3))
    with places.taken(1), places.taken(1):
        with pytest.raises(CallRefused) as caught, places.taken(1):
            pass
        assert places.in_flight(1) == 2
    assert (caught.value.fault.status, caught.value.fault.code) == (429, 1018)
    assert caught.value.fault.headers == {"retry-after": "3"}


def test_agents_do_not_share_places() -> None:
    places = Places(1, busy(1))
    with places.taken(1), places.taken(2):
        assert (places.in_flight(1), places.in_flight(2)) == (1, 1)


def test_place_is_given_back_after_a_failure() -> None:
    places = Places(1, busy(1))
    with pytest.raises(RuntimeError), places.taken(1):
        raise RuntimeError
    assert places.in_flight(1) == 0
    assert not places._in_flight, "agents that have left are forgotten"
