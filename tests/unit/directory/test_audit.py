"""Each action leaves one row; rows tell no secret, cannot be changed, and a forged one is found."""

import json
import sqlite3

import psycopg
import pytest

from meganodes.directory.audit import Followed, _as_json, first_broken_audit_row, follow_audit_chain
from meganodes.directory.faults import DirectoryFault
from meganodes.directory.port import Directory
from meganodes.directory.records import Actor, AgentState, TokenKind
from meganodes.kit.database import DatabaseKind, DatabaseUrl
from tests.support.builders import NOW_MS, a_game, a_new_agent, a_new_provider
from tests.support.directory import open_database, set_the_stage
from tests.support.places import change

CLI = Actor(source="cli", name="root")


@pytest.mark.security("S26")
async def test_each_action_leaves_exactly_one_row(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    actions = [
        directory.set_agent("acme", {"time_zone": "Asia/Tokyo"}),
        directory.set_agent_state("acme", AgentState.APPROVED),
        directory.reissue_token("acme", TokenKind.CALLBACK, 1),
        directory.withdraw("acme", 7),
        directory.assign("acme", 7),
        directory.set_provider(7, {"wins_without_bet": True}),
        directory.reissue_provider_token(7),
        directory.import_games(7, [a_game(game_code="new")]),
        directory.block_user(stage.user.user_code),
        directory.end_session(stage.session.gplay_id),
    ]
    for action in actions:
        before = len(await directory.audit_trail())
        await action
        assert len(await directory.audit_trail()) == before + 1


async def test_action_without_effect_or_refused_leaves_no_row(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    before = await directory.audit_trail()
    await directory.set_agent("acme", {"time_zone": "UTC"})
    await directory.set_agent_state("acme", AgentState.UNAPPROVED)
    await directory.assign("acme", 7)
    await directory.withdraw("acme", 99)
    await directory.set_provider(7, {"wins_without_bet": False})
    await directory.import_games(7, [a_game()])
    await directory.block_user(stage.user.user_code, blocked=False)
    await directory.end_session(999)
    with pytest.raises(DirectoryFault):
        await directory.set_agent("acme", {"time_zone": "nowhere"})
    assert await directory.audit_trail() == before


async def test_row_tells_who_what_when_from_what_to_what_and_why(directory: Directory) -> None:
    made = await directory.add_agent(a_new_agent(), CLI)
    await directory.set_agent_state("acme", AgentState.APPROVED, CLI, "papers are complete")
    row = (await directory.audit_trail(1))[0]
    assert row.actor == "root"
    assert row.tag == "cli:agent:approved"
    assert row.target == f"agent:{made.agent_id}"
    assert json.loads(row.old) == {"state": "unapproved"}
    assert json.loads(row.new) == {"state": "approved"}
    assert row.reason == "papers are complete"
    assert row.at_ms == NOW_MS


@pytest.mark.security("S26")
async def test_secrets_stand_there_as_fingerprints(directory: Directory) -> None:
    made = await directory.add_agent(a_new_agent())
    new = await directory.reissue_token("acme", TokenKind.API, 1)
    row = (await directory.audit_trail(1))[0]
    assert json.loads(row.old) == {"secret": f"secret {made.api_token.fingerprint()}"}
    assert json.loads(row.new) == {"secret": f"secret {new.fingerprint()}", "overlap_hours": 1}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE directory_audit SET actor = 'nobody'",
        "DELETE FROM directory_audit",
        "DELETE FROM directory_audit WHERE version = 1",
    ],
)
@pytest.mark.security("S27")
async def test_database_refuses_to_change_the_log(
    directory: Directory, place: DatabaseUrl, statement: str
) -> None:
    await directory.add_agent(a_new_agent())
    with pytest.raises((sqlite3.IntegrityError, psycopg.errors.RaiseException)) as refused:
        change(place, statement)
    assert "append-only" in str(refused.value)
    assert len(await directory.audit_trail()) == 1


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE directory_audit SET actor = 'nobody' WHERE version = 2",
        "UPDATE directory_audit SET at_ms = at_ms + 1 WHERE version = 2",
        "UPDATE directory_audit SET new = '{}' WHERE version = 2",
        "UPDATE directory_audit SET version = 9 WHERE version = 2",
        "UPDATE directory_audit SET reason = 'because' WHERE version = 2",
    ],
)
@pytest.mark.security("S27")
async def test_forged_row_is_found(directory: Directory, place: DatabaseUrl, forgery: str) -> None:
    for name in ("one", "two", "three"):
        await directory.add_agent(a_new_agent(name=name))
    assert await directory.first_broken_audit_row() is None
    _forge(place, forgery)
    assert await directory.first_broken_audit_row() in {2, 3}


@pytest.mark.security("S27")
async def test_removed_row_is_found(directory: Directory, place: DatabaseUrl) -> None:
    for name in ("one", "two", "three"):
        await directory.add_agent(a_new_agent(name=name))
    _forge(place, "DELETE FROM directory_audit WHERE version = 2")
    assert await directory.first_broken_audit_row() == 3


@pytest.mark.security("S27")
async def test_the_chain_is_followed_piece_by_piece_and_says_how_far(
    directory: Directory, place: DatabaseUrl
) -> None:
    for name in ("one", "two", "three", "four"):
        await directory.add_agent(a_new_agent(name=name))
    database = open_database(place)
    read = database.read
    first = await read(follow_audit_chain, 0, 2)
    assert first == Followed(after=0, last=2, broken=None, is_end=False)
    second = await read(follow_audit_chain, first.last, 2)
    assert second == Followed(after=2, last=4, broken=None, is_end=True)
    _forge(place, "UPDATE directory_audit SET actor = 'nobody' WHERE version = 4")
    third = await read(follow_audit_chain, first.last, 2)
    assert third == Followed(after=2, last=3, broken=4, is_end=False)
    assert await read(first_broken_audit_row) == 4
    database.close()


def _forge(place: DatabaseUrl, statement: str) -> None:
    """Do what somebody with the database in hand could do: take the protection away first."""
    if place.kind is DatabaseKind.SQLITE:
        names = ["directory_audit_no_update", "directory_audit_no_delete"]
        change(place, *(f"DROP TRIGGER {name}" for name in names), statement)
    else:
        change(place, "SET session_replication_role = replica", statement)


def test_value_without_a_form_of_its_own_is_a_defect() -> None:
    with pytest.raises(TypeError, match="cannot hold a set"):
        _as_json({"field": {1}})


async def test_limit_gives_the_newest_rows_first(directory: Directory) -> None:
    await directory.add_agent(a_new_agent())
    await directory.add_provider(a_new_provider())
    rows = await directory.audit_trail(1)
    assert [row.tag for row in rows] == ["system:provider:add"]
