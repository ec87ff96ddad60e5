"""Reading a catalogue file, JSON or CSV, whole before anything is imported (contract 4).

Every bad line is listed with its number and the reason; with one bad line nothing is imported.
Writing is the directory's.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from meganodes.directory.records import CatalogueProvider
from meganodes.hub.catalogue_csv import read_csv
from meganodes.hub.catalogue_json import read_json
from meganodes.hub.catalogue_reading import BadLine, FileReader, OnProgress, ignore_progress
from meganodes.hub.catalogue_text import FILE_BYTES_MAX, TextFault, decoded

__all__ = ["FILE_BYTES_MAX", "BadLine", "Catalogue", "OnProgress", "missing", "read_catalogue"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """A file without a fault, or its faults and no providers.

    ``places`` says where each provider stands for the first time, also in a file with faults;
    ``ignored`` are names of fields or columns that no catalogue has.
    """

    providers: tuple[CatalogueProvider, ...] = ()
    faults: tuple[BadLine, ...] = ()
    places: Mapping[int, BadLine] = field(default_factory=dict)
    ignored: tuple[str, ...] = ()


def read_catalogue(
    content: bytes, *, is_csv: bool, on_progress: OnProgress = ignore_progress
) -> Catalogue:
    """Read a file; ``on_progress`` hears from time to time how many games of how many are read."""
    reader = FileReader(on_progress)
    try:
        text = decoded(content)
        if is_csv:
            read_csv(text, reader)
        else:
            read_json(text, reader)
    except TextFault as fault:
        reader.refuse(fault.line, fault.sentence)
    if not reader.faults and not reader.providers:
        reader.refuse(None, "it names no provider")
    return Catalogue(
        providers=() if reader.faults else reader.providers,
        faults=tuple(reader.faults),
        places=reader.places,
        ignored=tuple(sorted(reader.ignored)),
    )


def missing(catalogue: Catalogue, known: Collection[int]) -> tuple[BadLine, ...]:
    """List the providers that the directory has not; a file cannot bring them.

    Providers carry tokens and launch addresses, which a catalogue has not.
    """
    return tuple(
        BadLine(
            line=place.line,
            path=place.path,
            reason=f"provider_id: there is no provider {provider_id}; a catalogue adds games, a "
            f"provider is set up by: meganodes provider add NAME --id {provider_id} "
            "--launch-url TEMPLATE",
        )
        for provider_id, place in catalogue.places.items()
        if provider_id not in known
    )
