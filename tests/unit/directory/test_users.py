"""Users: one per name, numbered from 400000001, known by number and name and nothing else."""

import pytest

from meganodes.directory.faults import NameConflict
from meganodes.directory.port import Directory
from tests.support.builders import NOW_MS, a_new_agent, a_user


@pytest.mark.rule("2.2-user-create-sequence")
async def test_first_user_has_the_first_number(directory: Directory) -> None:
    await directory.add_agent(a_new_agent())
    user, is_new = await directory.create_user(1, "Bob")
    assert is_new
    assert user == a_user(user_code=400_000_001, first_seen_ms=NOW_MS, last_seen_ms=NOW_MS)
    assert await directory.user(400_000_001) == user
    assert await directory.user_by_name(1, "Bob") == user


async def test_second_creation_gives_the_same_user(directory: Directory) -> None:
    await directory.add_agent(a_new_agent())
    first, _ = await directory.create_user(1, "Bob")
    second, is_new = await directory.create_user(1, "Bob")
    assert (second, is_new) == (first, False)


@pytest.mark.rule("2.2-user-create-sequence")
async def test_sequence_is_one_for_all_agents(directory: Directory) -> None:
    for name in ("one", "two"):
        await directory.add_agent(a_new_agent(name=name))
    codes = [(await directory.create_user(agent_id, "Bob"))[0].user_code for agent_id in (1, 2)]
    assert codes == [400_000_001, 400_000_002]


@pytest.mark.rule("1-account-verbatim")
async def test_names_that_differ_in_case_only_conflict(directory: Directory) -> None:
    await directory.add_agent(a_new_agent())
    await directory.create_user(1, "Bob_1")
    for other in ("bob_1", "BOB_1"):
        assert await directory.user_name_conflict(1, other) == "Bob_1"
        assert await directory.user_by_name(1, other) is None
        with pytest.raises(NameConflict) as refused:
            await directory.create_user(1, other)
        assert refused.value.existing_name == "Bob_1"
    assert await directory.user_name_conflict(1, "Bob_1") is None
    assert await directory.user_name_conflict(1, "Eve") is None
    user, _ = await directory.create_user(1, "Eve")
    assert user.user_code == 400_000_002


async def test_names_are_each_agents_own(directory: Directory) -> None:
    for name in ("one", "two"):
        await directory.add_agent(a_new_agent(name=name))
    await directory.create_user(1, "Bob")
    assert await directory.user_name_conflict(2, "bob") is None
    user, is_new = await directory.create_user(2, "bob")
    assert is_new
    assert user.agent_id == 2


async def test_unknown_users_are_none(directory: Directory) -> None:
    assert await directory.user(400_000_001) is None
    assert await directory.user_by_name(1, "Bob") is None


async def test_users_of_a_name_are_found_at_the_given_agents_in_any_case(
    directory: Directory,
) -> None:
    for name in ("one", "two", "three"):
        await directory.add_agent(a_new_agent(name=name))
    users = [(await directory.create_user(agent_id, "Bob"))[0] for agent_id in (1, 2, 3)]
    await directory.create_user(1, "Bobby")
    assert await directory.users_named([1, 2], "BOB", 10) == users[:2]
    assert await directory.users_named([1, 2, 3], "bob", 1) == users[:1]
    assert await directory.users_named([], "bob", 10) == []
