"""Two hundred and fifty texts that would do harm, wherever strangers can put them: nothing runs.

The pages are looked at in a real browser, where whatever runs calls `ran`; those that are many are
read by a parser too, which looks for what no text of theirs may become.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final
from urllib.parse import quote

import httpx2
import pytest
from playwright.sync_api import Browser, Dialog, Page

from meganodes.backoffice.cookies import SESSION_COOKIE
from meganodes.backoffice.office import OFFICE_PATH
from meganodes.directory.faults import DirectoryFault
from meganodes.directory.records import Actor
from meganodes.directory.staff import NewMember
from meganodes.directory.staff_records import Role, Seen, Stage
from meganodes.domain.asked import AskedBet
from meganodes.protocol.commands import Command
from meganodes.protocol.ids import is_transaction_id
from tests.support.browser import new_page
from tests.support.builders import a_game, a_new_provider
from tests.support.hostile_texts import MARKUP, TEXTS
from tests.support.office import OfficeWorld, Player
from tests.support.office_evening import ADMIN, OfficeEvening, an_office_evening

ACTOR: Final = Actor(source="office", name="<img src=x onerror=ran()> from 203.0.113.9")
WATCH: Final = """
  window.ran = () => { console.error("something ran"); };
  window.alert = window.confirm = window.prompt = window.ran;
  document.addEventListener("securitypolicyviolation", (event) => {
    console.error("refused by the policy: " + event.blockedURI + " " + event.violatedDirective);
  });
"""
LISTS: Final = (
    "/a/{agent_id}/log",
    "/a/{agent_id}/transactions?period=30d",
    "/a/{agent_id}/errors",
    "/a/{agent_id}/connections",
    "/audit",
    "/staff",
    "/me",
)
HIDDEN: Final = re.compile("[\\s\\x00-\\x1f\\x7f-\\x9f\u200b-\u200f\u2060\ufeff]+")
ADDRESSES: Final = frozenset({"href", "src", "action", "formaction", "data", "xlink:href"})
ACTIVE: Final = ("javascript:", "vbscript:", "data:text", "//")
FOREIGN: Final = frozenset(
    ("iframe", "object", "embed", "base", "style", "template", "video", "audio", "marquee", "math")
)
QUIET: Final = frozenset({"/a/{agent_id}/log", "/a/{agent_id}/errors", "/a/{agent_id}/connections"})
"""Lists that show no words of strangers; their details do."""
FORMULA_STARTS: Final = "=+-@\uff1d\uff0b\uff0d\uff20"


def fits_an_id(text: str) -> bool:
    return is_transaction_id(text) and text == text.strip()


def fits_a_name(text: str) -> bool:
    return text.isprintable() and len(text) <= 64 and text == text.strip()


async def plant(office: OfficeWorld) -> dict[str, int]:
    """Put every text wherever it is let in; returns how many got where."""
    directory, backend = office.world.directory, office.world.backend
    names = [text if fits_a_name(text) else f"Game {at}" for at, text in enumerate(TEXTS)]
    games = [a_game(game_code=f"g{at}", name=name) for at, name in enumerate(names)]
    await directory.import_games(7, games)
    player, blocked = await office.player("mallory"), await office.world.user("trudy")
    for number, text in enumerate(TEXTS):
        reply = {"result": 31, "status": text, text: text, "data": {"balance": text}}
        backend.tell(Command.BET, json.dumps(reply, ensure_ascii=number % 2 == 0).encode())
        await _bet(player, number, text)
        is_even = number % 2 == 0
        await directory.block_user(blocked.user_code, ACTOR, text, blocked=is_even)
    return {
        "games": sum(map(fits_a_name, TEXTS)),
        "transactions": sum(map(fits_an_id, TEXTS)),
        "staff": await _staff(office),
        "providers": await _providers(office),
    }


async def _bet(player: Player, number: int, text: str) -> None:
    asked = AskedBet(
        session=player.session,
        transaction_id=text if fits_an_id(text) else f"bet-{number}",
        round_id=text if fits_a_name(text) else f"round-{number}",
        amount="1.00",
        game_code=f"g{number}",
    )
    await player._serve(asked)


async def _staff(office: OfficeWorld) -> int:
    """Invite people of such addresses, and let the administrator have come by such browsers."""
    people, taken = office.people, 0
    admin = await people.known(ADMIN)
    for text in MARKUP:
        new = NewMember(email=f"{text}@casino.example", role=Role.VIEWER)
        with contextlib.suppress(DirectoryFault):
            await people.staff.invite(new, ACTOR)
            taken += 1
        seen = Seen(address="203.0.113.9", browser=text)
        await people.staff.start_session(admin.staff_id, Stage.SIGNED_IN, seen)
    return taken


async def _providers(office: OfficeWorld) -> int:
    directory, taken = office.world.directory, 0
    for number, text in enumerate(MARKUP[::8]):
        with contextlib.suppress(DirectoryFault):
            new = a_new_provider(provider_id=1_000 + number, name=text)
            await directory.add_provider(new, ACTOR)
            await directory.assign("acme", 1_000 + number, ACTOR)
            taken += 1
    return taken


@pytest.fixture(scope="module")
def evening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OfficeEvening]:
    with an_office_evening(tmp_path_factory.mktemp("hostile")) as made:
        placed = made.run(plant(made.office))
        assert placed["games"] > 150, placed
        assert placed["transactions"] > 150, placed
        assert placed["staff"] > 30, placed
        assert placed["providers"] > 20, placed
        yield made


@pytest.fixture
def desk(browser: Browser, evening: OfficeEvening) -> Iterator[Page]:
    """A tab with an administrator before it; whatever runs or complains fails the test."""
    context = browser.new_context(locale="en-GB", reduced_motion="reduce")
    context.add_init_script(WATCH)
    evening.present(context, Stage.SIGNED_IN)
    page = new_page(context)
    complaints: list[str] = []

    def note_address(url: str) -> None:
        if not url.startswith((evening.origin, "data:image/")):
            complaints.append(f"foreign request: {url}")

    def note_dialog(dialog: Dialog) -> None:
        complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
    page.on("pageerror", lambda fault: complaints.append(str(fault)))
    page.on("dialog", note_dialog)
    page.on("request", lambda asked: note_address(asked.url))
    yield page
    context.close()
    assert complaints == []


@pytest.fixture(scope="module")
def client(evening: OfficeEvening) -> Iterator[Client]:
    made = Client(evening)
    yield made
    made.close()


def next_pages(page: Page, most: int) -> Iterator[str]:
    """Turn the pages of a list, to its end or ``most`` of them."""
    for _ in range(most):
        yield page.content()
        older = page.locator("main a", has_text=re.compile("Older|Next|Further"))
        if older.count() == 0:
            return
        older.first.click()
        page.wait_for_load_state()


@pytest.mark.security("S15")
@pytest.mark.parametrize("path", LISTS)
@pytest.mark.security("S15")
def test_lists_of_hostile_texts_run_nothing(desk: Page, evening: OfficeEvening, path: str) -> None:
    answer = desk.goto(evening.url(path))
    assert answer is not None
    assert answer.status == 200
    shown = "".join(next_pages(desk, 7))
    assert "ran()" in shown or path in QUIET, "nothing hostile is on it: it proves nothing"
    desk.evaluate("document.querySelectorAll('main *').forEach((each) => each.focus?.())")
    desk.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


@pytest.mark.security("S15")
def test_details_of_hostile_texts_run_nothing(
    desk: Page, evening: OfficeEvening, client: Client
) -> None:
    """One in ten of the attempts and stories, and what searching for such a text finds."""
    paths = client.links("/log/")[::10] + client.links("/transactions/")[::10]
    assert len(paths) >= 10
    for path in paths:
        answer = desk.goto(evening.origin + path)
        assert answer is not None
        assert answer.status == 200
    client.pass_a_minute()
    for text in MARKUP[::12]:
        desk.goto(evening.url("/search?q=" + quote(text)))
        assert desk.evaluate("document.querySelector('input[name=q]').value") == text.strip()


@pytest.mark.security("S15")
def test_no_page_about_hostile_texts_has_an_element_of_theirs(client: Client) -> None:
    rounds = [number for number, text in enumerate(TEXTS) if fits_a_name(text)]
    paths = [
        *client.links("/log/"),
        *client.links("/transactions/"),
        *(client.round_path(number) for number in rounds[::4]),
        *(f"/office/search?q={quote(text, safe='')}" for text in TEXTS[::4]),
        *(f"/office/a/1/users?q={quote(text, safe='')}" for text in TEXTS[::9]),
        *(f"/office/a/1/log?account={quote(text, safe='')}" for text in TEXTS[::9]),
        *(f"/office/sign-in?next={quote(text, safe='')}" for text in TEXTS[::9]),
    ]
    assert len(paths) > 300
    answers = {path: client.shown(path) for path in paths}
    assert {path: found for path in paths if (found := faults_of(answers[path]))} == {}


@pytest.mark.security("S15")
def test_the_file_of_transactions_has_no_cell_that_a_spreadsheet_runs(
    client: Client,
) -> None:
    answer = client.get("/office/a/1/transactions.csv?period=30d")
    assert answer.status_code == 200
    rows = list(csv.reader(io.StringIO(answer.text, newline="")))
    assert len(rows) > len(TEXTS)
    cells = [cell for row in rows for cell in row]
    assert any(cell.startswith("'=") for cell in cells)
    bare = [(cell, HIDDEN.sub("", cell)[:1]) for cell in cells]
    acting = [cell for cell, first in bare if first and first in FORMULA_STARTS]
    assert acting == []


class Client:
    """Asks for pages as an administrator."""

    def __init__(self, evening: OfficeEvening) -> None:
        self._evening = evening
        users = evening.office.world.user("mallory")
        self.mallory = evening.run(users).user_code
        cookie = f"{SESSION_COOKIE}={evening.sessions[Stage.SIGNED_IN]}"
        self._client = httpx2.Client(
            base_url=evening.origin, headers={"cookie": cookie}, timeout=60
        )

    def close(self) -> None:
        self._client.close()

    def get(self, path: str) -> httpx2.Response:
        return self._client.get(path)

    def shown(self, path: str) -> str:
        """Ask for a page that must be there; who searches too often waits a minute."""
        answer = self.get(path)
        if answer.status_code == 429:
            self.pass_a_minute()
            answer = self.get(path)
        assert answer.status_code in {200, 303}, (path, answer.status_code)
        return answer.text

    def pass_a_minute(self) -> None:
        """Let the limits of searches begin anew."""
        clock = self._evening.office.world.clock
        self._evening.loop.call_soon_threadsafe(clock.advance, 60)

    def round_path(self, number: int) -> str:
        """Give the address of the round that a text of the list is the id of."""
        round_id = quote(TEXTS[number], safe="")
        return f"{OFFICE_PATH}/a/1/rounds/7/{self.mallory}/{round_id}"

    def links(self, part: str) -> list[str]:
        """Collect the addresses of details that stand on the first pages of a list."""
        list_path = f"{OFFICE_PATH}/a/1{part}".rstrip("/") + "?period=30d"
        found: list[str] = []
        for _ in range(4):
            text = self.get(list_path).text
            found += re.findall(rf'href="({OFFICE_PATH}/a/1{part}\d+)"', text)
            older = re.search(r'href="([^"]*before=\d+[^"]*)"', text)
            if older is None:
                break
            list_path = older[1].replace("&amp;", "&")
        return list(dict.fromkeys(found))


class Judge(HTMLParser):
    """Finds what only a text that became markup can have made."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            text = HIDDEN.sub("", value or "").lower()
            if name.startswith("on") or (name in ADDRESSES and text.startswith(ACTIVE)):
                self.faults.append(f"<{tag} {name}={value!r}>")
        sources = dict(attrs).get("src") or ""
        if tag == "script" and not sources.startswith(OFFICE_PATH):
            self.faults.append(f"<script src={sources!r}>")
        if tag in FOREIGN:
            self.faults.append(f"<{tag}>")


def faults_of(text: str) -> list[str]:
    judge = Judge()
    judge.feed(text)
    judge.close()
    return judge.faults


@pytest.mark.security("S15")
def test_the_judge_finds_markup_of_strangers() -> None:
    """Every text of the list that is markup by itself is found where it is not escaped."""
    found = [text for text in MARKUP if text.startswith("<") and faults_of(f"<p>{text}</p>")]
    assert len(found) > 90
    assert faults_of('<a href="java\tscript:ran()">x</a>')
    assert not faults_of('<a href="/office/x">&lt;script&gt;</a>')
