"""An installation for the benchmark of the Back Office: made once, opened as a hub opens it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.office_directory import fill_directory, visitors
from benchmarks.office_journal import Size, fill_journal
from benchmarks.office_visits import Shape, Visitor, samples
from meganodes.backoffice.office import Office as BackOffice
from meganodes.backoffice.permissions import RIGHTS, Right
from meganodes.bootstrap import wiring
from meganodes.bootstrap.settings import Settings, load_settings
from meganodes.directory.staff import NewMember
from meganodes.directory.staff_records import Role, Stage
from meganodes.directory.staff_sign_in import SignIn
from meganodes.kit.clock import SystemClock
from meganodes.kit.identity import first_trans_id
from meganodes.kit.secrets import create_master_key_file

STRANGER: Final = "stranger"
_MADE: Final = "made"
_WORDS_AT_ONCE: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Somebody who visits: how far they have signed in, and what they see the office through."""

    name: str
    stage: Stage | None
    visitor: Visitor
    rights: frozenset[Right] = frozenset()

    def shapes(self) -> Iterator[Shape]:
        """Give everything this person can ask of pages that show something."""
        return self.visitor.shapes(self.stage, self.rights)


async def make_installation(
    folder: Path, size: Size, say: Callable[[str], None] = lambda _said: None
) -> None:
    """Make an installation in an empty folder."""
    create_master_key_file(folder / "master.key")
    settings = _settings(folder)
    wiring.migrate(settings)
    fill_journal(wiring.database_file(settings), size, SystemClock().now_ms(), say)
    say("agents, users, sessions, staff and the audit log")
    office = await wiring.open_office(settings)
    try:
        await fill_directory(office, wiring.load_master_key(settings), size)
        say("words that ids are found by")
        past = first_trans_id(office.clock.now_ms())
        while await office.journal.add_search_words(before=past, limit=_WORDS_AT_ONCE):
            pass
    finally:
        await office.close()
    (folder / _MADE).touch()


def is_made(folder: Path) -> bool:
    """Say whether a folder holds a whole installation; one that was left half-way is not."""
    return (folder / _MADE).exists()


@asynccontextmanager
async def guests(folder: Path) -> AsyncIterator[list[Guest]]:
    """Open an installation; give everybody who visits it."""
    settings = _settings(folder)
    office = await wiring.open_office(settings)
    try:
        hub = wiring.make_hub(office, wiring.make_gateway(office))
        back_office = BackOffice(hub=hub, staff=office.staff, sign_in=SignIn(office.staff))
        parameters = samples(wiring.database_file(settings))
        parameters["code"] = await _invitation(office)
        yield [
            Guest(name=STRANGER, stage=None, visitor=Visitor(back_office, None, parameters)),
            *(
                Guest(
                    name=name if stage is Stage.SIGNED_IN else f"{name}, {stage}",
                    stage=stage,
                    rights=RIGHTS[role],
                    visitor=Visitor(back_office, session, parameters),
                )
                for name, role, stage, session in await visitors(office)
            ),
        ]
    finally:
        await office.close()


async def _invitation(office: wiring.Office) -> str:
    known = {each.email for each in await office.staff.members()}
    email = f"invited-{len(known)}@hub.example"
    code = await office.staff.invite(NewMember(email=email, role=Role.VIEWER))
    return code.reveal()


def _settings(folder: Path) -> Settings:
    given: dict[str, object] = {
        "database_url": f"sqlite:///{folder / 'hub.db'}",
        "master_key_file": str(folder / "master.key"),
        # One person asks for a page as often as it is measured.
        "office": {"searches_per_minute": 10_000, "exports_per_minute": 10_000},
    }
    return load_settings(None, given, {})
