"""Every form of the Back Office leaves its row in the audit log, in the change's own transaction.

The forms come from the list of pages: a new one has to say here what it leaves (S26).
"""

from __future__ import annotations

import io
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from meganodes.backoffice.page import Method
from meganodes.backoffice.pages import PAGES
from meganodes.directory.audit import AuditRow
from meganodes.directory.staff_records import Role
from meganodes.kit.logging import LogSettings, configure_logging
from tests.support.office import OfficeWorld, an_office

AGENT: Final = "/a/{agent_id}"
REASON: Final = {"reason": "somebody asked for it"}
NEW_URL: Final = "https://wallet.example.com/other"
OTHER_PASSWORD: Final = "a quite different battery staple"
OTHERS: Final = "/a/{other_id}"

LEAVES: Final[dict[str, tuple[dict[str, str], tuple[str, ...]]]] = {
    AGENT + "/settings/reveal": ({"kind": "callback"}, ("agent:reveal-callback-token",)),
    AGENT + "/settings/callback-test": ({}, ()),
    AGENT + "/settings/reissue": ({"kind": "api"}, ("agent:reissue-api-token",)),
    AGENT + "/settings/callback-url": ({"callback_url": NEW_URL}, ("agent:set",)),
    AGENT + "/settings/allow-list": ({"allow_list": "10.0.0.0/8"}, ("agent:set",)),
    AGENT + "/settings/callbacks": (
        {"revision": "id", "time_zone": "Europe/Riga"},
        ("agent:set",),
    ),
    AGENT + "/settings/retry": ({"quick_retries": "7"}, ("agent:set",)),
    AGENT + "/users/{user_code}/block": (REASON, ("user:block",)),
    AGENT + "/users/{user_code}/unblock": (REASON, ("user:unblock",)),
    AGENT + "/connections/{gplay_id}/end": ({}, ("session:end",)),
    AGENT + "/suspend": (REASON, ("agent:suspended",)),
    AGENT + "/approve": (REASON, ("agent:approved",)),
    "/agents/new": (
        {"name": "newcomer", "currency": "EUR", "callback_url": NEW_URL},
        ("agent:add",),
    ),
    # Somebody is added, and somebody can come in: two facts, and the second happens alone too.
    "/staff/invite": (
        {"email": "new@casino.example", "role": "viewer"},
        ("staff:add", "staff:make-welcome-link"),
    ),
    "/staff/{staff_id}/link": ({}, ("staff:make-welcome-link",)),
    "/staff/{staff_id}/role": ({"role": "viewer"}, ("staff:set-role",)),
    "/staff/{staff_id}/disable": ({}, ("staff:set-disabled",)),
    "/staff/{staff_id}/enable": ({}, ("staff:set-active",)),
    "/staff/{staff_id}/forget-second-factor": ({}, ("staff:forget-second-factor",)),
    "/me/time-zone": ({"time_zone": "Europe/Riga"}, ("staff:set",)),
    "/me/end-session": ({"session_id": "1"}, ("staff:end-session",)),
    "/me/end-others": ({}, ("staff:end-other-sessions",)),
    "/me/password": (
        {"password": OTHER_PASSWORD, "again": OTHER_PASSWORD},
        ("staff:set-password",),
    ),
    "/sign-out": ({}, ("staff:sign-out",)),
}
ELSEWHERE: Final = {
    "/sign-in": "tests/unit/directory/test_staff_sign_in.py",
    "/sign-in/code": "tests/unit/directory/test_staff_sign_in.py",
    "/enrol": "tests/unit/directory/test_staff_sign_in.py",
    "/confirm": "tests/unit/directory/test_staff_sign_in.py",
    "/welcome": "tests/unit/directory/test_staff_sign_in.py",
    "/enter": "tests/unit/directory/test_staff_sign_in.py",
    "/me/second-factor": "tests/unit/directory/test_staff_sign_in.py",
    AGENT + "/open-work/{trans_id}/resume": "tests/unit/backoffice/pages/test_open_work.py",
    AGENT + "/open-work/{trans_id}/propose": "tests/unit/backoffice/pages/test_open_work.py",
    AGENT + "/open-work/{trans_id}/confirm": "tests/unit/backoffice/pages/test_open_work.py",
    AGENT + "/open-work/{trans_id}/withdraw": "tests/unit/backoffice/pages/test_open_work.py",
}
"""Forms that need a whole story before them, and where their rows are told of."""
CHANGING_NOTHING: Final = {AGENT + "/settings/callback-test"}
"""It calls the backend and writes the API log; no setting, secret or record is changed or shown."""


ALREADY_SO: Final = {AGENT + "/users/{user_code}/unblock", AGENT + "/approve"}
"""What changes nothing, and so leaves nothing, unless something else was changed before."""


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


async def prepared(office: OfficeWorld) -> dict[str, str]:
    """Sign an administrator in and give numbers of what forms can be about."""
    player = await office.player("alice")
    colleague = await office.people.hired("colleague@casino.example", Role.OPERATOR)
    await office.sign_in(Role.ADMIN)
    sessions = await office.world.directory.active_sessions(office.agent_id, 0)
    return {
        "agent_id": str(office.agent_id),
        "user_code": str(player.user.user_code),
        "gplay_id": str(sessions[0].gplay_id),
        "staff_id": str(colleague.staff_id),
    }


async def trail(office: OfficeWorld) -> list[AuditRow]:
    return await office.world.directory.audit_trail(10_000)


def forms() -> set[str]:
    return {page.path for page in PAGES if page.method is Method.POST}


@pytest.mark.security("S26")
def test_every_form_says_what_it_leaves() -> None:
    assert set(LEAVES) | set(ELSEWHERE) == forms()
    assert not set(LEAVES) & set(ELSEWHERE)
    assert {path for path, (_, tags) in LEAVES.items() if not tags} == CHANGING_NOTHING


@pytest.mark.security("S26")
async def test_every_form_leaves_exactly_its_rows_with_who_did_it(office: OfficeWorld) -> None:
    told = await prepared(office)
    wrong = []
    for path, (fields, tags) in LEAVES.items():
        before = await trail(office)
        answer = await office.post(path.format(**told), **fields)
        assert answer.status_code in {200, 303}, (path, answer.status_code, answer.text[-800:])
        new = (await trail(office))[: -len(before) or None]
        if [row.tag for row in reversed(new)] != [f"office:{tag}" for tag in tags]:
            wrong.append((path, [row.tag for row in new]))
        assert all("@casino.example from 203.0.113.9" in row.actor for row in new), new
    assert wrong == []


@pytest.mark.security("S26")
async def test_a_form_that_is_refused_leaves_no_row(office: OfficeWorld) -> None:
    told = await prepared(office)
    before = len(await trail(office))
    for path in LEAVES:
        answer = await office.post(path.format(**told), no_such_field="1")
        assert answer.status_code == 422, path
    assert len(await trail(office)) == before


@pytest.mark.security("S26")
async def test_without_the_audit_log_nothing_can_be_changed(
    office: OfficeWorld, tmp_path: Path
) -> None:
    """Row and change stand or fall together; the answer says a reference and nothing else."""
    told = await prepared(office)
    lines = io.StringIO()
    configure_logging(LogSettings(), lines)
    file = tmp_path / "hub.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as beside:
        beside.execute("ALTER TABLE directory_audit RENAME TO put_away")
        before = content_of(beside)
        for path, (fields, tags) in LEAVES.items():
            answer = await office.post(path.format(**told), **fields)
            if tags and path not in ALREADY_SO:
                assert answer.status_code == 500, path
                assert "Traceback" not in answer.text
                assert "directory_audit" not in answer.text
        assert content_of(beside) == before
    configure_logging(LogSettings())
    assert lines.getvalue().count("office_failed") >= len(LEAVES) - 3


def content_of(connection: sqlite3.Connection) -> dict[str, list[tuple[object, ...]]]:
    """Everything that is written, but when somebody was seen last."""
    names = [
        name
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        if name not in {"staff_sessions", "sign_in_failures"}
    ]
    statement = "SELECT * FROM {}"
    return {name: connection.execute(statement.format(name)).fetchall() for name in names}


@pytest.mark.security("S26")
async def test_settings_are_told_from_old_to_new_and_secrets_by_fingerprint(
    office: OfficeWorld,
) -> None:
    told = await prepared(office)
    old_url = office.world.agent.callback_url
    old_token = office.world.agent.callback_token
    base = f"{AGENT}/settings".format(**told)
    await office.post(f"{base}/callback-url", callback_url=NEW_URL)
    await office.post(f"{base}/reissue", kind="callback", overlap_hours=0)
    new_token = office.world.agent.callback_token
    reissued, changed = (await trail(office))[:2]
    assert (old_url in changed.old, NEW_URL in changed.new) == (True, True)
    assert old_token.fingerprint() in reissued.old
    assert new_token.fingerprint() in reissued.new
    for secret in (old_token, new_token):
        assert secret.reveal()[12:40] not in f"{reissued}{changed}"


@pytest.mark.security("S26")
async def test_an_export_leaves_one_row_with_its_filter(office: OfficeWorld) -> None:
    await prepared(office)
    before = len(await trail(office))
    answer = await office.get(f"/a/{office.agent_id}/transactions.csv", period="24h")
    assert answer.status_code == 200
    rows = await trail(office)
    assert [row.tag for row in rows[: len(rows) - before]] == ["office:agent:export-transactions"]
