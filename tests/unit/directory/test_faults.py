"""A refusal carries every bad field and reads as a sentence."""

import pytest

from meganodes.directory.faults import DirectoryFault, FieldFault, NameConflict, refuse_if_any

FAULTS = [FieldFault("name", "name is taken"), FieldFault("currency", "currency is unknown")]


def test_refusal_lists_all_fields() -> None:
    with pytest.raises(DirectoryFault) as refused:
        refuse_if_any(FAULTS)
    assert refused.value.faults == tuple(FAULTS)
    assert str(refused.value) == "name is taken; currency is unknown"


def test_nothing_wrong_refuses_nothing() -> None:
    refuse_if_any([])


def test_conflict_names_the_existing_user() -> None:
    assert NameConflict("Bob").existing_name == "Bob"
    assert "Bob" in str(NameConflict("Bob"))
