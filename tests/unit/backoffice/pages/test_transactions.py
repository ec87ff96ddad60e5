"""Transactions: filtered, paged, told step by step with the bytes of both sides, exported."""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.staff_records import Role
from meganodes.domain.transaction import Kind, State
from meganodes.protocol.commands import Command
from tests.support.office import OfficeWorld, Player, an_office

DAY_SECONDS = 86_400


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


def listed(page: str) -> list[str]:
    """Give the providers' ids that a list shows, in its order."""
    return [
        html.unescape(each) for each in re.findall(r'data-name="Provider.*?title="(.*?)"', page)
    ]


async def seen(office: OfficeWorld, **query: str | int) -> list[str]:
    return listed(await office.page(f"/a/{office.agent_id}/transactions", **query))


async def a_day_of_play(office: OfficeWorld, role: Role = Role.VIEWER) -> Player:
    """Two days ago a round of bob; a minute ago and now two of alice; then somebody signs in."""
    bob = await office.player("bob")
    await bob.bet("old", "9.00", "r-old")
    office.world.clock.advance(2 * DAY_SECONDS)
    alice = await office.player("alice")
    await alice.bet("b1", "1.50", "r1")
    await alice.win("w1", "20.00", "r1")
    office.world.clock.advance(60)
    await alice.bet("b2", "3.00", "r2")
    await office.sign_in(role)
    return bob


# --- the list -------------------------------------------------------------------------------------


async def test_the_last_day_is_listed_newest_first(office: OfficeWorld) -> None:
    await a_day_of_play(office)
    page = await office.page(f"/a/{office.agent_id}/transactions")
    assert listed(page) == ["b2", "w1", "b1"]
    assert "3 transactions" in page
    assert await seen(office, period="all") == ["b2", "w1", "b1", "old"]
    assert await seen(office, period="1h", type="win") == ["w1"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"user": "ALICE"}, ["b2", "w1", "b1"]),
        ({"user": "bob"}, ["old"]),
        ({"type": "bet"}, ["b2", "b1", "old"]),
        ({"state": "credited"}, ["w1"]),
        ({"round": "r1"}, ["w1", "b1"]),
        ({"provider": 7, "game": "fruits"}, ["b2", "w1", "b1", "old"]),
        ({"provider": 8}, []),
        ({"game": "lemons"}, []),
        ({"min": "3.00"}, ["b2", "w1", "old"]),
        ({"min": "3", "max": "9"}, ["b2", "old"]),
        ({"id": "w1"}, ["w1"]),
        ({"id": "w1", "type": "bet"}, []),
        ({"user": "nobody"}, []),
        ({"user": "alice", "type": "bet", "max": "1.50"}, ["b1"]),
    ],
)
async def test_filters_keep_what_fits(
    office: OfficeWorld, query: dict[str, str | int], expected: list[str]
) -> None:
    await a_day_of_play(office)
    assert await seen(office, period="all", **query) == expected


async def test_a_user_is_meant_by_number_and_a_row_by_guid_whatever_the_period(
    office: OfficeWorld,
) -> None:
    bob = await a_day_of_play(office)
    row = await bob.row("old")
    assert await seen(office, user=bob.user.user_code, period="all") == ["old"]
    for text in (row.guid, row.cancel_guid, str(row.trans_id), "old"):
        assert await seen(office, id=text) == ["old"], text


async def test_own_times_are_read_in_the_members_time_zone(office: OfficeWorld) -> None:
    await a_day_of_play(office)
    whole = {"period": "own", "from": "2026-09-21T00:00", "to": "2026-09-22T00:00"}
    assert await seen(office, **whole) == ["old"]
    await office.post("/me/time-zone", time_zone="Asia/Tokyo")
    # The bet of 14:13 UTC was made at 23:13 in Tokyo.
    late = {"period": "own", "from": "2026-09-21T23:00", "to": "2026-09-21T23:30"}
    assert await seen(office, **late) == ["old"]
    early = {"period": "own", "from": "2026-09-21T14:00", "to": "2026-09-21T14:30"}
    assert await seen(office, **early) == []


async def test_what_cannot_be_meant_is_marked_at_its_field(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    page = await office.page(f"/a/{office.agent_id}/transactions", min="1.234")
    assert 'id="e-min"' in page
    assert "The filter needs a correction" in page
    wrong = await office.page(
        f"/a/{office.agent_id}/transactions", **{"period": "own", "from": "yesterday"}
    )
    assert "This is no date and time." in wrong


async def test_pages_follow_one_another_by_cursor(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player()
    for number in range(53):
        await player.bet(f"b{number:02d}")
    first = await office.page(f"/a/{office.agent_id}/transactions")
    assert listed(first) == [f"b{number:02d}" for number in range(52, 2, -1)]
    older = html.unescape(re.findall(r'rel="next" href="([^"]+)"', first)[0])
    await player.bet("b99")
    second = (await office.client.get(older)).text
    assert listed(second) == ["b02", "b01", "b00"]
    assert 'rel="next"' not in second


def link(page: str, rel: str) -> str:
    """Give the address of the next or the previous page, "" when there is none."""
    found = re.findall(rf'rel="{rel}" href="([^"]+)"', page)
    return html.unescape(found[0]) if found else ""


async def test_newer_is_one_step_back_and_the_first_page_has_what_came_meanwhile(
    office: OfficeWorld,
) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player()
    for number in range(120):
        await player.bet(f"b{number:03d}")
    first = await office.page(f"/a/{office.agent_id}/transactions", type="bet")
    second = (await office.client.get(link(first, "next"))).text
    third = (await office.client.get(link(second, "next"))).text
    assert (link(first, "prev"), link(third, "next")) == ("", "")
    back = (await office.client.get(link(third, "prev"))).text
    assert listed(back) == listed(second) == [f"b{number:03d}" for number in range(69, 19, -1)]
    assert listed((await office.client.get(link(back, "next"))).text) == listed(third)
    await player.bet("b120")
    step = (await office.client.get(link(back, "prev"))).text
    assert listed(step) == [f"b{number:03d}" for number in range(119, 69, -1)]
    newest = (await office.client.get(link(step, "prev"))).text
    assert listed(newest) == [f"b{number:03d}" for number in range(120, 70, -1)]
    assert "type=bet" in link(newest, "next"), "the filter stays"
    assert link(newest, "prev") == ""
    assert "121 transactions" in newest


async def test_a_file_has_all_that_fits_whichever_page_it_is_asked_on(office: OfficeWorld) -> None:
    player = await a_day_of_play(office, Role.OPERATOR)
    row = await player.row("b1")
    for cursor in ("before", "after"):
        rows = await exported(office, **{"period": "all", cursor: str(row.trans_id)})
        assert len(rows) == 4


async def test_an_agent_without_transactions_is_told_what_comes(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    page = await office.page(f"/a/{office.agent_id}/transactions", period="all")
    assert "No transactions yet" in page


async def test_hostile_names_are_text(office: OfficeWorld) -> None:
    """S15."""
    await office.sign_in(Role.VIEWER)
    player = await office.player()
    await player.bet("<script>1</script>", round_id='"><img src=x>')
    row = await player.row("<script>1</script>")
    paths = [
        f"/a/{office.agent_id}/transactions",
        f"/a/{office.agent_id}/transactions/{row.trans_id}",
        "/search?q=%3Cimg%20src%3Dx%3E",
    ]
    for path in paths:
        page = (await office.client.get(f"/office{path}")).text
        assert "<script>1" not in page
        assert "<img" not in page


# --- one transaction ------------------------------------------------------------------------------


async def story_of(office: OfficeWorld, player: Player, transaction_id: str) -> str:
    row = await player.row(transaction_id)
    page = await office.page(f"/a/{office.agent_id}/transactions/{row.trans_id}")
    return html.unescape(page)


async def test_a_story_has_the_bytes_of_both_sides_and_no_secret(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player()
    await player.bet("b1")
    page = await story_of(office, player, "b1")
    row = await player.row("b1")
    assert "Callback-Token: ****" in page
    assert f'"trans_guid":"{row.guid}"' in page
    assert '{"result":0,"status":"OK"' in page
    assert "curl -X POST https://wallet.example.com/callback" in page
    assert office.world.backend.token not in page
    assert page.index("Recorded") < page.index("attempt 1") < page.index("deciding to accepted")


async def test_an_owed_win_shows_each_attempt_and_its_next_try(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player()
    await player.bet("b1")
    office.world.backend.tell(Command.WIN, b'{"code":0,"message":"OK"}')
    office.world.backend.drop(Command.WIN, 20)
    await player.win("w1")
    assert (await player.row("w1")).state is State.OWED
    page = await story_of(office, player, "w1")
    assert "reply has the shape of a Main API answer" in page
    assert "Next try" in page
    assert "attempt 1" in page


async def test_a_refused_bet_says_so_in_plain_words(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player()
    office.world.backend.tell(
        Command.BET, b'{"result":31,"status":"ERROR","data":{"balance":1.00}}'
    )
    await player.bet("b1")
    page = await story_of(office, player, "b1")
    assert "nothing was booked" in page
    assert "2006 BALANCE_NOT_ENOUGH" in page
    assert "result 31" in page


async def test_a_cancels_row_leads_to_its_bet(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player()
    await player.bet("b1")
    await player.cancel("b1", "c1")
    bet, cancel = await player.row("b1"), await player.row("c1")
    assert cancel.kind is Kind.CANCEL
    answer = await office.get(f"/a/{office.agent_id}/transactions/{cancel.trans_id}")
    assert answer.headers["location"].endswith(f"/transactions/{bet.trans_id}")
    assert await seen(office, id="c1") == ["b1"]
    assert "confirmed that the bet is undone" in await story_of(office, player, "b1")


@pytest.mark.parametrize("number", ["0", "7", "x", "9" * 30, "-1"])
async def test_an_unknown_number_is_missing(office: OfficeWorld, number: str) -> None:
    await office.sign_in(Role.VIEWER)
    answer = await office.get(f"/a/{office.agent_id}/transactions/{number}")
    assert answer.status_code == 404


async def test_another_agents_transaction_is_missing_below_ones_own(office: OfficeWorld) -> None:
    """S1: the number is right, the agent in the address is not."""
    await office.world.foreign_user()
    other = office.world.directory.agent_by_name("other")
    assert other is not None
    await office.sign_in(Role.OPERATOR, other.agent_id)
    player = await office.player()
    await player.bet("b1")
    row = await player.row("b1")
    for agent_id in (other.agent_id, office.agent_id):
        answer = await office.get(f"/a/{agent_id}/transactions/{row.trans_id}")
        assert answer.status_code == 404
    assert await seen_by(office, other.agent_id, id="b1") == []


async def seen_by(office: OfficeWorld, agent_id: int, **query: str) -> list[str]:
    return listed(await office.page(f"/a/{agent_id}/transactions", **query))


# --- the file -------------------------------------------------------------------------------------


async def exported(office: OfficeWorld, **query: str) -> list[dict[str, str]]:
    answer = await office.get(f"/a/{office.agent_id}/transactions.csv", **query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"].startswith('attachment; filename="transactions-')
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_the_file_has_what_the_filter_keeps_with_exact_amounts(office: OfficeWorld) -> None:
    await a_day_of_play(office, Role.OPERATOR)
    rows = await exported(office, period="all", type="bet")
    assert [row["provider_transaction_id"] for row in rows] == ["b2", "b1", "old"]
    assert [row["amount"] for row in rows] == ["3.00", "1.50", "9.00"]
    assert rows[1]["time_utc"].startswith("2026-09-23T14:13:")
    assert (rows[1]["user"], rows[1]["state"], rows[1]["currency"]) == ("alice", "accepted", "EUR")


@pytest.mark.parametrize("start", ["=", "+", "-", "@"])
@pytest.mark.security("S15")
async def test_a_cell_that_looks_like_a_formula_is_quoted(office: OfficeWorld, start: str) -> None:
    """S15: a provider chooses these texts."""
    await office.sign_in(Role.OPERATOR)
    player = await office.player()
    await player.bet("b1", round_id=f'{start}HYPERLINK("x")')
    (row,) = await exported(office)
    assert row["round_id"] == f'\'{start}HYPERLINK("x")'


@pytest.mark.security("S26")
async def test_an_export_leaves_one_audit_row_that_says_what_was_asked(office: OfficeWorld) -> None:
    """S26."""
    member = await office.sign_in(Role.OPERATOR)
    before = len(await office.world.directory.audit_trail())
    await exported(office, type="bet", period="7d")
    trail = await office.world.directory.audit_trail()
    assert len(trail) - before == 1
    assert trail[0].tag == "office:agent:export-transactions"
    assert trail[0].actor.startswith(member.email)
    assert '"period": "7d"' in trail[0].new


async def test_who_may_only_look_gets_no_file(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player()
    await player.bet("b1")
    answer = await office.get(f"/a/{office.agent_id}/transactions.csv")
    assert answer.status_code == 403
    assert ".csv" not in await office.page(f"/a/{office.agent_id}/transactions")


async def test_a_filter_that_means_nothing_is_not_exported(office: OfficeWorld) -> None:
    await office.sign_in(Role.OPERATOR)
    for query in ({"min": "x"}, {"user": "nobody"}, {"id": "b1"}):
        answer = await office.get(f"/a/{office.agent_id}/transactions.csv", **query)
        assert answer.status_code == 303


async def test_a_bet_that_never_came_has_no_round_to_lead_to(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    player = await office.player("alice")
    await player.cancel("b-never", "c1")
    page = await office.page(f"/a/{office.agent_id}/transactions")
    assert "cancelled before it came" in page
    assert "/rounds/" not in page
    row = await player.row("b-never")
    story = await office.page(f"/a/{office.agent_id}/transactions/{row.trans_id}")
    assert "/rounds/" not in story
