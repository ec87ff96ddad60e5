"""Opening an installation: whole, or closed again to the last connection and thread."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from meganodes.bootstrap.settings import Settings, load_settings
from meganodes.bootstrap.wiring import StartFault, check_schema, migrate, open_office
from meganodes.directory.records import NewAgent
from meganodes.kit.secrets import create_master_key_file


def settings_in(folder: Path, key: str = "one.key") -> Settings:
    """Settings of an installation in this folder; its key is made when it is missing."""
    if not (folder / key).exists():
        create_master_key_file(folder / key)
    return load_settings(
        None,
        {
            "database_url": f"sqlite:///{folder / 'hub.db'}",
            "master_key_file": str(folder / key),
            "callbacks": {"allow_private_targets": True},
        },
        {},
    )


def threads_of_the_database() -> set[str]:
    names = {thread.name for thread in threading.enumerate()}
    return {name for name in names if name.startswith(("database-", "journal"))}


async def test_an_office_that_cannot_open_leaves_nothing_open(tmp_path: Path) -> None:
    office = await open_office(settings_in(tmp_path))
    url = "http://127.0.0.1:9/callback"
    await office.directory.add_agent(NewAgent(name="acme", currency="EUR", callback_url=url))
    await office.close()
    before = threads_of_the_database()
    with pytest.raises(StartFault, match="MEGANODES_MASTER_KEY_FILE does not belong"):
        await open_office(settings_in(tmp_path, "another.key"))
    assert threads_of_the_database() <= before


def test_a_database_without_its_tables_names_every_part_and_the_cure(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    (tmp_path / "hub.db").touch()
    with pytest.raises(StartFault) as refused:
        check_schema(settings)
    journal, directory = refused.value.sentences
    assert "the journal's tables" in journal
    assert "the directory's tables" in directory
    assert all("run `meganodes migrate`" in sentence for sentence in refused.value.sentences)
    migrate(settings)
    check_schema(settings)
