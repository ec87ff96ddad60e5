"""What is collected from a file: places, first words, and not more faults than can be read."""

from __future__ import annotations

from meganodes.hub.catalogue_reading import FAULTS_MAX, BadLine, FileReader, ignore_progress


def a_reader() -> FileReader:
    return FileReader(ignore_progress)


def test_faults_are_listed_up_to_a_bound() -> None:
    reader = a_reader()
    for line in range(FAULTS_MAX + 9):
        reader.refuse(line, "bad")
    assert len(reader.faults) == FAULTS_MAX + 1
    assert str(reader.faults[-1]) == "the file: there are more bad lines: mend these first"


def test_what_is_said_later_of_a_provider_is_added_unless_it_differs() -> None:
    reader = a_reader()
    assert reader.provider(BadLine(line=2), {"provider_id": 7}) == 7
    assert reader.provider(BadLine(line=3), {"provider_id": "7", "name": "Pixel"}) == 7
    assert reader.provider(BadLine(line=4), {"provider_id": 7, "name": "Pixie"}) == 7
    assert [str(fault) for fault in reader.faults] == [
        "line 4: name: it differs from what line 2 says"
    ]
    assert reader.places == {7: BadLine(line=2)}
    assert reader.providers[0].fields == {"name": "Pixel"}
    assert reader.providers[0].games is None


def test_games_without_a_provider_are_judged_and_not_kept() -> None:
    reader = a_reader()
    reader.game(BadLine(line=2), None, {"game_code": "a", "name": "A", "category": "none"})
    assert [fault.field for fault in reader.faults] == ["category"]
    assert reader.providers == ()


def test_lines_are_filled_in_for_places_known_by_path_and_field() -> None:
    reader = a_reader()
    reader.refuse(None, "bad", path="a[1]", field="name")
    reader.refuse(None, "bad", path="a[2]", field="gone")
    reader.refuse(5, "bad", path="a[3]")
    reader.refuse(None, "bad")
    reader.locate({"a[1]": 1, "a[1].name": 2, "a[2]": 3, "a[3]": 9})
    assert [fault.line for fault in reader.faults] == [2, 3, 5, None]
