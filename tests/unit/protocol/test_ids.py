"""Names of transactions on the wire never change: the vectors here are for ever."""

import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meganodes.protocol.ids import cancel_guid, is_transaction_id, trans_guid


def by_hand(*parts: str) -> str:
    """Give the guid of parts by the contract's words: SHA-256 over length-prefixed parts."""
    told = b"".join(str(len(part.encode())).encode() + b":" + part.encode() for part in parts)
    return "mn-" + hashlib.new("sha256", told).hexdigest()[:40]


@pytest.mark.rule("3.1-trans-guid", "3.1-trans-guid-stable")
@pytest.mark.parametrize(
    ("installation", "agent_id", "provider_id", "transaction_id", "guid"),
    [
        ("demo", 1, 100, "spin-1", "mn-7af9c300a9e773014d0ac318dd5b52d4284f9cd7"),
        ("eu-1", 12, 345, "a", "mn-c7e002ff1478bb0741dca0b656d3bb8323bf3393"),
        ("eu-1", 1, 2345, "a", "mn-071e57cbfe033845aacf7104bdf3240ff59595f5"),
    ],
)
def test_a_guid_is_the_same_for_ever(
    installation: str, agent_id: int, provider_id: int, transaction_id: str, guid: str
) -> None:
    made = trans_guid(installation, agent_id, provider_id, transaction_id)
    assert made == guid
    assert made == by_hand(installation, str(agent_id), str(provider_id), transaction_id)


@pytest.mark.rule("3.1-trans-guid")
@settings(max_examples=500, derandomize=True, deadline=None, database=None)
@given(
    st.tuples(st.text(max_size=5), st.integers(0, 200), st.integers(0, 200), st.text(max_size=5)),
    st.tuples(st.text(max_size=5), st.integers(0, 200), st.integers(0, 200), st.text(max_size=5)),
)
def test_other_parts_give_another_guid_wherever_their_borders_are(
    one: tuple[str, int, int, str], other: tuple[str, int, int, str]
) -> None:
    assert (trans_guid(*one) == trans_guid(*other)) is (one == other)


@pytest.mark.rule("3.1-cancel-guid")
def test_the_guid_of_a_cancel_fits_what_backends_reserve() -> None:
    bet = trans_guid("demo", 2**53 - 1, 2**53 - 1, "x" * 64)
    assert len(bet) == 43
    assert cancel_guid(bet) == bet + "-c"
    assert len(cancel_guid(bet)) <= 64


@pytest.mark.rule("4-key-form")
@pytest.mark.parametrize("text", ["a", "spin-1", "x" * 64, "A b~!", "0", '"\\'])
def test_printable_ascii_names_a_transaction(text: str) -> None:
    assert is_transaction_id(text) is True


@pytest.mark.rule("4-key-form")
@pytest.mark.parametrize(
    "text", ["", "x" * 65, "a\n", "a\tb", "\x7f", "é", "\u2028", "a\0", "\uff11"]
)
def test_anything_else_names_none(text: str) -> None:
    assert is_transaction_id(text) is False
