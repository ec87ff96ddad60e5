"""A catalogue is put into the directory whole or not at all, and says what it did."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from meganodes.directory.catalogue import plan_catalogue, put_catalogue
from meganodes.directory.faults import DirectoryFault
from meganodes.directory.port import Directory
from meganodes.directory.records import (
    SYSTEM,
    CatalogueProvider,
    Game,
    Imported,
    ProviderFields,
    Status,
)
from meganodes.kit.database import DatabaseUrl
from tests.support.builders import a_game, a_new_provider
from tests.support.catalogue import a_catalogue, set_up_providers
from tests.support.directory import started_directory
from tests.support.places import address_of

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
async def two_providers(directory: Directory) -> None:
    await directory.add_provider(a_new_provider())
    await directory.add_provider(a_new_provider(name="Other", provider_id=8))


def games(*codes: str, **values: object) -> tuple[Game, ...]:
    return tuple(a_game(game_code=code, **values) for code in codes)


def catalogue(*of_seven: Game, **fields: object) -> list[CatalogueProvider]:
    given = ProviderFields(**fields)  # type: ignore[typeddict-item]  # what the test names
    return [CatalogueProvider(provider_id=7, fields=given, games=of_seven)]


def imported(**numbers: int) -> Imported:
    usual = dict.fromkeys(("providers_changed", "added", "changed", "unchanged", "disabled"), 0)
    return Imported(**{"providers": 1, **usual, **numbers})


def _names(directory: Directory) -> dict[str, str]:
    return {game.game_code: game.name for game in directory.games_of(7)}


@pytest.mark.rule("4-catalogue-upsert")
async def test_games_are_added_and_changed_and_the_others_left(directory: Directory) -> None:
    assert await directory.import_games(7, games("a", "b", "c")) == imported(added=3)
    second = [a_game(game_code="b", name="Better"), *games("c", "d")]
    done = await directory.import_games(7, second)
    assert done == imported(added=1, changed=1, unchanged=1)
    assert _names(directory) == {"a": "Fruits", "b": "Better", "c": "Fruits", "d": "Fruits"}


@pytest.mark.rule("4-catalogue-upsert")
async def test_prune_takes_unnamed_games_out_of_launch(directory: Directory) -> None:
    await directory.import_games(7, games("a", "b"))
    done = await directory.import_catalogue(catalogue(*games("a")), prune=True)
    assert done == imported(unchanged=1, disabled=1)
    assert {game.game_code: game.launch_enable for game in directory.games_of(7)} == {
        "a": True,
        "b": False,
    }
    again = await directory.import_catalogue(catalogue(*games("a")), prune=True)
    assert again == imported(unchanged=1)


@pytest.mark.rule("4-catalogue-upsert")
async def test_prune_leaves_providers_alone_whose_games_are_not_listed(
    directory: Directory,
) -> None:
    await directory.import_games(7, games("a"))
    await directory.import_games(8, games("a", provider_id=8))
    silent = [CatalogueProvider(provider_id=7, games=None)]
    assert await directory.import_catalogue(silent, prune=True) == imported()
    empty = [CatalogueProvider(provider_id=7, games=())]
    assert await directory.import_catalogue(empty, prune=True) == imported(disabled=1)
    (other,) = directory.games_of(8)
    assert other.launch_enable


async def test_a_reg_date_left_out_is_today_for_a_new_game_and_stays_for_others(
    directory: Directory,
) -> None:
    await directory.import_games(7, games("old", reg_date="2020-01-31T00:00:00Z"))
    done = await directory.import_games(7, games("old", "new", reg_date=""))
    assert done == imported(added=1, unchanged=1)
    assert {game.game_code: game.reg_date for game in directory.games_of(7)} == {
        "new": "2026-09-21T14:13:20Z",
        "old": "2020-01-31T00:00:00Z",
    }


@pytest.mark.rule("4-catalogue-json")
async def test_fields_of_a_provider_are_applied_and_those_left_out_stay(
    directory: Directory,
) -> None:
    given = {"name": "Pixel", "names": {"ko": "픽셀"}, "status": Status.MAINTENANCE}
    done = await directory.import_catalogue(catalogue(**given, currencies=("EUR",)))
    assert done == imported(providers_changed=1)
    provider = directory.provider(7)
    assert provider is not None
    assert (provider.name, provider.names, provider.status, provider.currencies) == (
        "Pixel",
        {"ko": "픽셀"},
        Status.MAINTENANCE,
        ("EUR",),
    )
    assert await directory.import_catalogue(catalogue(**given)) == imported()
    await directory.import_catalogue(catalogue(status=Status.NORMAL))
    changed = directory.provider(7)
    assert changed is not None
    assert (changed.name, changed.currencies, changed.status) == ("Pixel", ("EUR",), Status.NORMAL)


async def test_an_import_is_audited_with_what_changed(directory: Directory) -> None:
    before = len(await directory.audit_trail())
    await directory.import_catalogue(catalogue(*games("a"), name="Pixel"))
    await directory.import_catalogue(catalogue(*games("a"), name="Pixel"))
    rows = (await directory.audit_trail())[: len(await directory.audit_trail()) - before]
    assert [(row.tag, row.new) for row in rows] == [
        (
            "system:provider:import-games",
            '{"added": 1, "changed": 0, "disabled": 0, "unchanged": 0}',
        ),
        ("system:provider:set", '{"name": "Pixel"}'),
    ]
    assert await directory.first_broken_audit_row() is None


async def test_two_providers_may_exchange_their_names(directory: Directory) -> None:
    exchanged = [
        CatalogueProvider(provider_id=7, fields=ProviderFields(name="Other")),
        CatalogueProvider(provider_id=8, fields=ProviderFields(name="Pixel Works")),
    ]
    await directory.import_catalogue(exchanged)
    assert [provider.name for provider in directory.providers()] == ["Other", "Pixel Works"]
    with pytest.raises(DirectoryFault, match="name OTHER is taken"):
        await directory.add_provider(a_new_provider(name="OTHER", provider_id=9))


@pytest.mark.rule("4-catalogue-all-or-nothing")
@pytest.mark.parametrize(
    ("extra", "field"),
    [
        (CatalogueProvider(provider_id=8, games=games("x", provider_id=8, name="")), "name"),
        (CatalogueProvider(provider_id=8, games=games("x")), "provider_id"),
        (CatalogueProvider(provider_id=8, games=games("x", "x", provider_id=8)), "game_code"),
        (CatalogueProvider(provider_id=9), "games[9]"),
        (CatalogueProvider(provider_id=7), "providers[7]"),
        (CatalogueProvider(provider_id=8, fields=ProviderFields(name="PIXEL")), "name"),
        (CatalogueProvider(provider_id=8, fields=ProviderFields(name=" ")), "name"),
        (CatalogueProvider(provider_id=8, fields=ProviderFields(currencies=("X",))), "currencies"),
    ],
)
async def test_one_fault_keeps_the_whole_catalogue_out(
    directory: Directory, extra: CatalogueProvider, field: str
) -> None:
    wanted = [*catalogue(*games("a"), name="Pixel"), extra]
    for dry_run in (True, False):
        with pytest.raises(DirectoryFault) as refused:
            await directory.import_catalogue(wanted, dry_run=dry_run)
        assert [fault.field.split(".")[-1] for fault in refused.value.faults] == [field]
    assert directory.games_of(7) == ()
    assert [provider.name for provider in directory.providers()] == ["Pixel Works", "Other"]


async def test_a_dry_run_counts_and_changes_nothing(
    directory: Directory, place: DatabaseUrl
) -> None:
    await directory.import_games(7, games("a", "b"))
    before = len(await directory.audit_trail())
    wanted = catalogue(*games("b", name="New"), *games("c"), name="Pixel")
    done = await directory.import_catalogue(wanted, prune=True, dry_run=True)
    assert done == imported(providers_changed=1, added=1, changed=1, disabled=1)
    async with started_directory(place) as other:
        assert _names(other) == {"a": "Fruits", "b": "Fruits"}
        assert len(await other.audit_trail()) == before


async def test_a_plan_is_made_anew_when_somebody_was_quicker(
    directory: Directory, place: DatabaseUrl
) -> None:
    wanted = catalogue(*games("a", "b"))
    database = directory._ports.database
    plan = await database.read(plan_catalogue, wanted, 0, prune=False)
    async with started_directory(place) as other:
        await other.import_games(7, games("a"))
    done = await directory._edit(SYSTEM, put_catalogue, wanted, plan, prune=False)
    assert done == imported(added=1, unchanged=1)


async def test_five_thousand_games_are_imported_and_seen_by_another_node(
    directory: Directory, place: DatabaseUrl
) -> None:
    wanted = a_catalogue()
    await set_up_providers(directory, wanted)
    async with started_directory(place) as node:
        done = await directory.import_catalogue(wanted)
        assert (done.added, done.providers_changed) == (5_000, 20)
        await node.refresh()
        for each in wanted:
            assert node.games_of(each.provider_id) == each.games
        renamed = [
            replace(each, games=tuple(replace(game, name="New") for game in each.games or ()))
            for each in wanted
        ]
        assert (await directory.import_catalogue(renamed)).changed == 5_000
        assert await directory.import_catalogue(renamed, dry_run=True) == imported(
            providers=20, unchanged=5_000
        )


_KILLED_BEFORE_THE_COMMIT = """
import asyncio, os, signal, sys
from meganodes.directory import catalogue
from meganodes.directory.records import SYSTEM
from tests.support.catalogue import a_catalogue
from meganodes.kit.database import parse_database_url
from tests.support.directory import started_directory

def put(edit, wanted, plan, *, prune):
    catalogue.put_catalogue(edit, wanted, plan, prune=prune)
    os.kill(os.getpid(), signal.SIGKILL)

async def work():
    async with started_directory(parse_database_url(sys.argv[1])) as directory:
        wanted = a_catalogue(providers=2, games=500)
        database = directory._ports.database
        plan = await database.read(catalogue.plan_catalogue, wanted, 0, prune=False)
        await directory._edit(SYSTEM, put, wanted, plan, prune=False)

asyncio.run(work())
"""


def _run(source: str, place: DatabaseUrl) -> int:
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}
    command = [sys.executable, "-c", source, address_of(place)]
    return subprocess.run(command, env=environment, check=False, timeout=60).returncode


@pytest.mark.rule("4-catalogue-all-or-nothing")
async def test_a_process_killed_before_the_commit_leaves_the_old_state(
    directory: Directory, place: DatabaseUrl
) -> None:
    await set_up_providers(directory, a_catalogue(providers=2, games=500))
    assert _run(_KILLED_BEFORE_THE_COMMIT, place) == -signal.SIGKILL
    async with started_directory(place) as node:
        assert [len(node.games_of(each.provider_id)) for each in node.providers()] == [0] * 4
        assert await node.first_broken_audit_row() is None
