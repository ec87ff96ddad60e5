"""One suite over every adapter: what the core may rely on, whatever a supplier sends."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meganodes.domain.asked import Answer, Asked, AskedBet, AskedBetWin, AskedWin, FieldFault
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.ids import is_transaction_id
from meganodes.providers.port import Adapter, BadRequest
from meganodes.providers.registry import ADAPTERS
from tests.support.provider_door import BET, CANCEL, WIN


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One adapter and a good request for each of its commands; a template writes a bet."""

    adapter: Adapter
    bodies: Mapping[str, bytes]

    def bet(self, transaction_id: str, amount: object) -> bytes:
        """A bet with this id and amount, in the dialect."""
        return json.dumps(BET | {"transaction_id": transaction_id, "amount": amount}).encode()


_ITEM = {"transaction_id": "b1", "amount": "1.50"}
_BETWIN = {
    "session": "s",
    "round_id": "r1",
    "bet": _ITEM,
    "wins": [_ITEM | {"transaction_id": "w1"}],
    "round_closed": True,
}
_HOUSE = {
    "authenticate": {"session": "s"},
    "balance": {"session": "s"},
    "bet": BET,
    "win": WIN,
    "betwin": _BETWIN,
    "cancel": CANCEL,
    "round": {"session": "s", "round_id": "r1"},
}
SAMPLES = (
    Sample(
        adapter=ADAPTERS[0],
        bodies={command: json.dumps(members).encode() for command, members in _HOUSE.items()},
    ),
)
COMMANDS = [
    pytest.param(sample, command, id=f"{sample.adapter.name}-{command}")
    for sample in SAMPLES
    for command in sorted(sample.adapter.commands)
]
each_adapter = pytest.mark.parametrize("sample", SAMPLES, ids=lambda each: each.adapter.name)
each_command = pytest.mark.parametrize(("sample", "command"), COMMANDS)

_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


def test_every_adapter_is_in_the_suite() -> None:
    assert [sample.adapter for sample in SAMPLES] == list(ADAPTERS)


@each_adapter
def test_names_and_paths_are_well_formed(sample: Sample) -> None:
    adapter = sample.adapter
    assert adapter.name.isidentifier()
    assert adapter.path_prefix.startswith("/provider/v1/")
    assert adapter.path_prefix.endswith("/")
    assert adapter.owed_commands <= adapter.commands
    assert set(sample.bodies) == adapter.commands


@each_command
def test_a_good_request_is_understood(sample: Sample, command: str) -> None:
    asked = sample.adapter.parse(command, sample.bodies[command])
    assert isinstance(asked, get_args(Asked))


@each_command
@given(body=st.binary(max_size=300))
def test_no_bytes_raise(sample: Sample, command: str, body: bytes) -> None:
    _check_faults(sample.adapter.parse(command, body))


@each_command
@given(data=st.data())
def test_no_value_of_any_field_raises(sample: Sample, command: str, data: st.DataObject) -> None:
    members = json.loads(sample.bodies[command])
    field = data.draw(st.sampled_from(sorted(members)))
    changed = members | {field: data.draw(_values)}
    _check_faults(sample.adapter.parse(command, json.dumps(changed).encode()))


@each_command
@given(data=st.data())
def test_no_damage_to_a_good_request_raises(
    sample: Sample, command: str, data: st.DataObject
) -> None:
    body = bytearray(sample.bodies[command])
    at = data.draw(st.integers(0, len(body) - 1))
    damage = data.draw(st.sampled_from(["cut", "flip", "repeat"]))
    if damage == "cut":
        del body[at:]
    elif damage == "flip":
        body[at] ^= data.draw(st.integers(1, 255))
    else:
        body[at:at] = body
    _check_faults(sample.adapter.parse(command, bytes(body)))


def _check_faults(read: Asked | BadRequest) -> None:
    """Whatever is not understood has at least one fault, each a sentence that names its field."""
    if isinstance(read, BadRequest):
        assert read.faults
        for fault in read.faults:
            assert fault.message.endswith(".")
            assert fault.message.startswith(fault.field)
        return
    assert isinstance(read, get_args(Asked))
    for amount in _amounts(read):
        assert amount.replace(".", "", 1).isdigit()
        assert amount.isascii()


def _amounts(asked: Asked) -> list[str]:
    if isinstance(asked, AskedBet | AskedWin):
        return [asked.amount]
    if isinstance(asked, AskedBetWin):
        return [asked.bet.amount, *(win.amount for win in asked.wins)]
    return []


@pytest.mark.rule("4-amount-text")
@each_adapter
@given(amount=st.floats() | st.integers())
def test_numbers_are_never_amounts(sample: Sample, amount: float) -> None:
    assert isinstance(sample.adapter.parse("bet", sample.bet("b1", amount)), BadRequest)


@pytest.mark.rule("4-key-form")
@each_adapter
@given(transaction_id=st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_ids_are_kept_byte_for_byte(sample: Sample, transaction_id: str) -> None:
    read = sample.adapter.parse("bet", sample.bet(transaction_id, "1"))
    if is_transaction_id(transaction_id):
        assert isinstance(read, AskedBet)
        assert read.transaction_id == transaction_id
    else:
        assert isinstance(read, BadRequest)


@pytest.mark.rule("4-key-form")
@each_adapter
@given(transaction_id=st.text(min_size=1, max_size=8))
def test_ids_outside_printable_ascii_are_refused(sample: Sample, transaction_id: str) -> None:
    read = sample.adapter.parse("bet", sample.bet(transaction_id, "1"))
    assert isinstance(read, AskedBet) == is_transaction_id(transaction_id)


@each_command
@pytest.mark.parametrize("code", sorted(set(ApiCode) - {ApiCode.OK}))
def test_every_refusal_can_be_rendered(sample: Sample, command: str, code: ApiCode) -> None:
    fault = FieldFault(field="x", message="x is odd.")
    faults = (fault,) if code is ApiCode.VALIDATION_ERROR else ()
    for answer in (Answer(code=code, faults=faults), Answer(code=code, replay=True)):
        assert json.loads(sample.adapter.render(command, answer))["code"] == code


@each_adapter
def test_a_refusal_before_any_command_is_known_can_be_rendered(sample: Sample) -> None:
    body = sample.adapter.render("", Answer(code=ApiCode.RESOURCE_NOT_FOUND))
    assert json.loads(body)["message"] == "RESOURCE_NOT_FOUND"
