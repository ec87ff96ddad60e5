"""Records are values: frozen, compared by content, and silent about secrets."""

from dataclasses import FrozenInstanceError, fields

import pytest

from meganodes.directory.records import Session, User, field_values
from tests.support.builders import a_new_agent, a_new_provider, a_user, an_agent


def test_records_are_frozen_values() -> None:
    assert a_user() == a_user()
    assert a_user(name="Eve") != a_user()
    with pytest.raises(FrozenInstanceError):
        a_user().name = "Eve"  # type: ignore[misc]  # the attempt is the test


def test_printed_agent_shows_no_secret() -> None:
    assert "mnc_example" not in repr(an_agent())
    assert "sss" not in repr(an_agent())


@pytest.mark.rule("1-user-minimal", "1-no-balance-state")
def test_no_record_holds_a_balance_or_personal_data() -> None:
    assert {each.name for each in fields(User)} == {
        "agent_id",
        "user_code",
        "name",
        "blocked",
        "first_seen_ms",
        "last_seen_ms",
    }
    assert not any("balance" in each.name for each in fields(Session))


def test_field_values_are_the_fields_themselves() -> None:
    new = a_new_provider(names={"ko": "x"})
    assert field_values(new)["names"] is new.names
    assert field_values(a_new_agent())["name"] == "acme"
