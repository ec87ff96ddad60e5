"""API Log: pages, filters, one attempt with its bytes, and the live stream."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from starlette.requests import Request

from meganodes.backoffice.answers import respond
from meganodes.backoffice.page import Live, Visit
from meganodes.backoffice.pages import log
from meganodes.directory.staff_records import Role
from meganodes.journal.attempt_log import RetiredBytes
from meganodes.journal.seals import body_digest
from meganodes.kit.identity import time_of
from meganodes.protocol.commands import Command
from tests.support.builders import a_new_agent
from tests.support.office import OfficeWorld, an_office

EVENTS = {"accept": "text/event-stream"}


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


def rows(page: str) -> list[str]:
    return re.findall(r'<tr id="attempt-(\d+)"', page)


async def test_log_goes_on_page_by_page(office: OfficeWorld) -> None:
    player = await office.player()
    for number in range(60):
        await player.bet(f"b{number}", round_id=f"r{number}")
    await office.sign_in(Role.VIEWER)
    path = f"/a/{office.agent_id}/log"
    first = rows(await office.page(path))
    assert len(first) == log.PAGE_SIZE
    assert first == sorted(first, key=int, reverse=True)
    second = rows(await office.page(path, before=first[-1]))
    assert len(second) == 10
    assert int(second[0]) < int(first[-1])


async def test_filters_take_what_fits(office: OfficeWorld) -> None:
    player = await office.player("anna")
    await player.bet("b1")
    await player.win("w1")
    office.world.backend.tell(Command.BET, b"<html>", status=503)
    await player.bet("b2", round_id="r2")
    await office.sign_in(Role.VIEWER)
    path = f"/a/{office.agent_id}/log"
    everything = rows(await office.page(path))
    for query, count in (
        ({"command": "win"}, 1),
        ({"outcome": "not-accepted"}, 1),
        ({"outcome": "unknown", "status": 503}, 1),
        ({"status": 503}, 1),
        ({"status": 404}, 0),
        ({"account": "anna"}, len(everything)),
        ({"account": "Anna"}, 0),
        ({"transaction": "b1"}, 1),
        ({"transaction": (await player.row("w1")).guid}, 1),
        ({"transaction": "unheard-of"}, 0),
        ({"to": "2020-01-01T00:00"}, 0),
        ({"before": "nonsense", "status": "nonsense", "outcome": "nonsense"}, len(everything)),
    ):
        found = await office.page(path, **cast("dict[str, str]", query))
        assert len(rows(found)) == count, query


async def test_attempt_shows_the_bytes_of_both_without_secrets(office: OfficeWorld) -> None:
    player = await office.player()
    office.world.backend.tell(Command.BET, b"<b>oops \xff</b>", status=502)
    await player.bet()
    await office.sign_in(Role.VIEWER)
    path = f"/a/{office.agent_id}/log"
    number = rows(await office.page(path, outcome="not-accepted"))[0]
    page = await office.page(f"{path}/{number}")
    assert "POST /" in page
    assert "&lt;b&gt;oops \\xff&lt;/b&gt;" in page
    assert "HTTP status is not 200" in page
    row = await player.row("b1")
    assert f'href="/office/a/{office.agent_id}/transactions/{row.trans_id}"' in page
    assert "curl -X POST" in page
    assert "Callback-Token:</span> ****" in page
    assert office.world.credentials.callback_token.reveal() not in page
    assert office.world.credentials.signing_secret.reveal() not in page


async def test_attempt_says_until_when_its_bytes_are_kept(office: OfficeWorld) -> None:
    await (await office.player()).bet()
    await office.sign_in(Role.VIEWER)
    path = f"/a/{office.agent_id}/log"
    number = rows(await office.page(path))[0]
    page = await office.page(f"{path}/{number}")
    until = datetime.fromtimestamp(time_of(int(number)) // 1000, UTC) + timedelta(days=90)
    assert f"The bytes are kept until {until:%Y-%m-%d %H:%M:%S}" in page
    assert "no longer kept" not in page


async def test_attempt_whose_bytes_are_gone_shows_their_digest(office: OfficeWorld) -> None:
    player = await office.player()
    await player.bet()
    row = await player.row("b1")
    (logged,) = await office.world.journal.reads.attempts(office.agent_id, row.trans_id)
    kept = RetiredBytes(body_digest(logged.request, logged.reply), 480, 1)
    number = logged.attempt_id + 1
    office.world.journal.log(
        replace(logged, attempt_id=number, number=2, request=b"", reply=b"", retired=kept)
    )
    await office.sign_in(Role.VIEWER)
    page = await office.page(f"/a/{office.agent_id}/log/{number}")
    assert "The bytes of this attempt are no longer kept: they are too old." in page
    assert kept.digest.hex() in page
    assert "480 bytes" in page
    assert "1 byte<" in page
    assert "Nothing was sent." not in page
    assert "curl -X POST" not in page
    assert "are kept until" not in page
    story = await office.page(f"/a/{office.agent_id}/transactions/{row.trans_id}")
    assert "The bytes are too old to be kept. Their digest is in the API Log." in story
    assert "Nothing was sent." not in story


async def test_attempt_of_another_agent_is_missing(office: OfficeWorld) -> None:
    await (await office.player()).bet()
    other = (await office.world.directory.add_agent(a_new_agent(name="other"))).agent_id
    await office.sign_in(Role.ADMIN)
    number = rows(await office.page(f"/a/{office.agent_id}/log"))[0]
    assert (await office.get(f"/a/{other}/log/{number}")).status_code == 404
    for odd in ("0", "nonsense", "9" * 40):
        assert (await office.get(f"/a/{office.agent_id}/log/{odd}")).status_code == 404


async def test_somebody_who_opens_the_stream_as_a_page_is_led_to_the_list(
    office: OfficeWorld,
) -> None:
    await office.sign_in(Role.VIEWER)
    answer = await office.get(f"/a/{office.agent_id}/log/live")
    assert answer.headers["location"] == f"/office/a/{office.agent_id}/log"


# --- the live stream ------------------------------------------------------------------------------


async def a_visit(office: OfficeWorld, query: str = "") -> Visit:
    """Visit the stream as a browser does."""
    member = await office.people.hired("eve@hub.example", Role.VIEWER)
    passed = await office.people.passed(member.email)
    known, session = await office.people.session_of(passed.token)
    headers = [(name.encode(), value.encode()) for name, value in EVENTS.items()]
    scope = {
        "type": "http",
        "method": "GET",
        "path": f"/office/a/{office.agent_id}/log/live",
        "query_string": query.encode(),
        "headers": headers,
    }
    return Visit(
        office=office.office,
        request=Request(scope),
        address="203.0.113.9",
        member=known,
        session=session,
        agent=office.world.agent,
    )


async def test_stream_gives_what_is_logged_as_rows_of_the_list(office: OfficeWorld) -> None:
    player = await office.player()
    answer = await log.follow(await a_visit(office, "command=bet"))
    assert isinstance(answer, Live)
    async with aclosing(answer.events) as events:  # type: ignore[type-var]
        await player.bet("b1")
        await player.win("w1")
        name, row = await asyncio.wait_for(anext(events), 30)
        assert name == "row"
        assert row.startswith('<tr id="attempt-')
        assert ">accepted<" in row
        following = asyncio.ensure_future(anext(events))
        await player.bet("b2", round_id="r2")
        while not (await asyncio.wait({following}, timeout=0.1))[0]:
            await office.world.clock.pass_time(
                1
            )  # a busy machine gets its time before the session ends
        assert rows(following.result()[1]) != rows(row)
    assert not office.office.streams.is_full


@pytest.mark.security("S10")
async def test_stream_ends_with_its_session(office: OfficeWorld) -> None:
    """S10: who is signed out sees nothing more."""
    visit = await a_visit(office)
    answer = await log.follow(visit)
    assert isinstance(answer, Live)
    await office.people.staff.end_session(visit.staff.staff_id, visit.own_session.session_id)
    assert [each async for each in answer.events] == []


async def test_stream_does_not_hold_up_the_end_of_the_process(office: OfficeWorld) -> None:
    visit = await a_visit(office)
    response = respond(visit, "", await log.follow(visit))
    assert response.headers["content-type"].startswith("text/event-stream")
    parts = asyncio.ensure_future(_parts(response.body_iterator))  # type: ignore[attr-defined]
    await asyncio.sleep(0)
    office.office.ending.set()
    assert await asyncio.wait_for(parts, 30) == []


async def _parts(iterator: AsyncIterator[bytes]) -> list[bytes]:
    return [each async for each in iterator]


async def test_one_stream_too_many_is_told_so(office: OfficeWorld) -> None:
    visit = await a_visit(office)
    streams = visit.office.streams
    for _ in range(20):
        await streams.place().__aenter__()
    answer = await log.follow(visit)
    assert not isinstance(answer, Live)
    response = respond(visit, "API Log", answer)
    assert response.status_code == 429
    assert b"Too many people watch" in response.body
