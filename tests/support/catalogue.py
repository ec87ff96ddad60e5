"""A catalogue of the trade's size for tests: made once, put into directories as often as needed."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from meganodes.directory.port import Directory
from meganodes.directory.records import CatalogueProvider, NewProvider, ProviderCredentials
from meganodes.hub.catalogue_generation import Wishes, generate_catalogue
from tests.support.builders import LAUNCH_URL


@functools.cache
def a_catalogue(
    *, providers: int = 20, games: int = 5_000, seed: int = 1
) -> tuple[CatalogueProvider, ...]:
    """Generate a catalogue; the same one for the same wishes."""
    return generate_catalogue(Wishes(providers=providers, games=games, seed=seed))


async def set_up_providers(
    directory: Directory, catalogue: Sequence[CatalogueProvider]
) -> list[ProviderCredentials]:
    """Set up the providers of a catalogue, without their games."""
    return [
        await directory.add_provider(
            NewProvider(
                name=each.fields["name"], provider_id=each.provider_id, launch_url=LAUNCH_URL
            )
        )
        for each in catalogue
    ]


async def put_catalogue(directory: Directory, catalogue: Sequence[CatalogueProvider]) -> None:
    """Set up the providers of a catalogue with all their games."""
    await set_up_providers(directory, catalogue)
    await directory.import_catalogue(catalogue)
