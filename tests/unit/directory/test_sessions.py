"""When a session is over, and what the tables of launches and sessions keep."""

import json

import pytest

from meganodes.directory.port import Directory
from meganodes.directory.records import LaunchFault, LaunchFaultReason, Session
from meganodes.directory.sessions import is_idle, session_fault
from meganodes.kit.database import DatabaseUrl
from meganodes.protocol.replies import Permissions
from tests.support.builders import NOW_MS, a_launch, a_session
from tests.support.directory import set_the_stage
from tests.support.places import all_bytes, rows_of

MINUTE = 60_000
HOUR = 60 * MINUTE


def _fault(session: Session, after_ms: int) -> str | None:
    return session_fault(session, now_ms=NOW_MS + after_ms, session_hours=24, idle_minutes=60)


@pytest.mark.rule("4-session-ends")
@pytest.mark.parametrize(
    ("last_call_after", "now_after", "reason"),
    [
        (0, HOUR - 1, None),
        (0, HOUR, "60 minutes without a call"),
        (10 * HOUR, 11 * HOUR - 1, None),
        (10 * HOUR, 11 * HOUR, "60 minutes without a call"),
        (24 * HOUR - 1, 24 * HOUR - 1, None),
        (24 * HOUR - 1, 24 * HOUR, "24 hours after it was opened"),
    ],
)
def test_session_ends_to_the_millisecond(
    last_call_after: int, now_after: int, reason: str | None
) -> None:
    session = a_session(last_call_at_ms=NOW_MS + last_call_after)
    fault = _fault(session, now_after)
    assert fault is None if reason is None else reason in str(fault)


@pytest.mark.rule("4-session-ends")
def test_session_ended_by_staff_is_over_from_that_moment() -> None:
    session = a_session(ended_at_ms=NOW_MS + 5)
    assert _fault(session, 4) is None
    assert _fault(session, 5) == "the session was ended by staff"


@pytest.mark.rule("3.2-permission-session-minutes")
def test_session_lasts_as_long_as_the_backend_permits() -> None:
    session = a_session(permissions=Permissions(session_minutes=30))
    assert _fault(session, 30 * MINUTE - 1) is None
    assert "30 minutes that the backend permitted" in str(_fault(session, 30 * MINUTE))
    assert _fault(a_session(permissions=Permissions(play=True)), 30 * MINUTE) is None
    assert _fault(a_session(permissions=Permissions(session_minutes=0)), 0) is not None


def test_permitted_minutes_never_lengthen_a_session() -> None:
    session = a_session(permissions=Permissions(session_minutes=6_000))
    assert "60 minutes without a call" in str(_fault(session, HOUR))


def test_idleness_counts_from_the_last_call() -> None:
    assert not is_idle(a_session(last_call_at_ms=NOW_MS), NOW_MS + HOUR - 1, 60)
    assert is_idle(a_session(last_call_at_ms=NOW_MS), NOW_MS + HOUR, 60)


@pytest.mark.rule("3.2-language-country-passed")
async def test_language_and_country_are_stored_nowhere(
    directory: Directory, place: DatabaseUrl
) -> None:
    stage = await set_the_stage(directory)
    launch = a_launch(user_code=stage.user.user_code, language="canary-lang", country="canary-land")
    token = await directory.create_launch(launch)
    await directory.open_launch(token.reveal(), stage.user.user_code, NOW_MS)
    await directory.set_permissions(1, Permissions(play=True), "canary-lang", "canary-land")
    dump = all_bytes(place)
    assert b"casino.example.com/lobby" in dump
    assert b"canary" not in dump


@pytest.mark.rule("4-launch-token")
async def test_launch_opens_for_ten_minutes(directory: Directory) -> None:
    stage = await set_the_stage(directory)
    opened = []
    for after_ms in (10 * MINUTE - 1, 10 * MINUTE):
        token = await directory.create_launch(a_launch(user_code=stage.user.user_code))
        opened.append(
            await directory.open_launch(token.reveal(), stage.user.user_code, NOW_MS + after_ms)
        )
    assert not isinstance(opened[0], LaunchFault)
    assert opened[1] == LaunchFault(
        reason=LaunchFaultReason.EXPIRED, return_url="https://casino.example.com/lobby", lang=1
    )


async def test_opening_writes_the_session_whole(directory: Directory, place: DatabaseUrl) -> None:
    stage = await set_the_stage(directory)
    permissions = Permissions(play=True, max_bet_minor=500, session_minutes=30)
    launch = a_launch(user_code=stage.user.user_code, lang=8, permissions=permissions)
    token = await directory.create_launch(launch)
    opened = await directory.open_launch(token.reveal(), stage.user.user_code, NOW_MS + 7)
    assert not isinstance(opened, LaunchFault)
    assert opened.session == a_session(
        gplay_id=2,
        return_url=launch.return_url,
        lang=8,
        permissions=permissions,
        opened_at_ms=NOW_MS + 7,
        last_call_at_ms=NOW_MS + 7,
    )
    query = "SELECT CAST(permissions AS TEXT), lang FROM sessions WHERE gplay_id = 2"
    ((stored, lang),) = rows_of(place, query)
    assert json.loads(stored)["session_minutes"] == 30
    assert lang == 8
