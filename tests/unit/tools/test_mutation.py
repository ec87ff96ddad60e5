"""Planting faults: every kind of change, in place or on import, found or not, and the sums."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tools.mutation import figures
from tools.mutation.__main__ import chosen, subjects
from tools.mutation.figures import Score, scores
from tools.mutation.mutants import mutants_of, mutated
from tools.mutation.trial import Subject, exchanged_in_place

KINDS = [
    ("x = 1 < y", ["module: 1 < y -> 1 <= y", "module: 1 -> 2"]),
    ("x = a and not b", ["module: a and (not b) -> a or not b", "module: not b -> b"]),
    ("x = a + b", ["module: a + b -> a - b"]),
    ("x = True", ["module: True -> False"]),
    ("x = 'a'", ["module: 'a' -> 'XXa'"]),
    ("x = -y", ["module: -y -> y"]),
    ("x = f'{a}b'", ["module: 'b' -> 'XXb'"]),
    ("def f():\n    return y", ["f: return y -> return None"]),
    ("def f():\n    y()", ["f: y() -> nothing"]),
    ("def f():\n    x += y", ["f: x += y -> nothing"]),
    ("def f():\n    raise y", ["f: raise y -> nothing"]),
    ("while y:\n    break", ["module: y -> not y", "module: break -> continue"]),
    ("class C:\n    x = 7", ["C: 7 -> 8"]),
    ("if x:\n    pass", ["module: x -> not x"]),
    ("z = [x for x in y if x]", ["module: x -> not x"]),
    (
        "match x:\n    case 1 if y:\n        pass\n    case 2:\n        pass",
        [
            "module: case 1 -> nothing",
            "module: y -> not y",
            "module: 1 -> 2",
            "module: case 2 -> nothing",
            "module: 2 -> 3",
        ],
    ),
]


@pytest.mark.parametrize(("source", "names"), KINDS)
def test_every_kind_of_change_is_made_once(source: str, names: list[str]) -> None:
    found = mutants_of(source)
    assert sorted(each.name for each in found) == sorted(names)
    for each in found:
        compile(mutated(source, each), "planted", "exec")


@pytest.mark.parametrize(
    "source",
    [
        '"""A word for readers."""',
        "import x",
        "def f(x: int | None) -> str | None: ...",
        "@keep(1)\nclass C(Base, key=1): ...",
        "Asked = AskedBet | AskedWin",
        "if TYPE_CHECKING:\n    x = 1",
        "def f(x):\n    match x:\n        case _:\n            assert_never(x)",
        "def f():\n    assert x, 'why'",
    ],
)
def test_what_only_readers_and_type_checkers_see_is_left_alone(source: str) -> None:
    assert mutants_of(source) == []


def test_names_are_unique_and_the_function_around_is_known() -> None:
    source = "class C:\n    def f(self):\n        return g(1, 1)\n"
    found = mutants_of(source)
    assert len({each.name for each in found}) == len(found) == 3
    assert {(each.scope, each.function) for each in found} == {("C.f", "C.f")}


MODULE = """
LIMIT = 3

class Box:
    @property
    def is_full(self) -> bool:
        return self.count >= LIMIT

    def __init__(self, count: int) -> None:
        self.count = count
"""


def test_a_change_in_a_function_is_seen_by_all_who_hold_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a_planted_box.py"
    path.write_text(MODULE)
    monkeypatch.syspath_prepend(str(tmp_path))
    from a_planted_box import Box  # type: ignore[import-not-found]  # noqa: PLC0415

    subject = Subject(module="a_planted_box", path=path, tests=())
    (boundary,) = [each for each in mutants_of(MODULE) if each.after == "self.count > LIMIT"]
    assert Box(3).is_full
    assert exchanged_in_place(subject, boundary)
    assert not Box(3).is_full
    del sys.modules["a_planted_box"]


def test_modules_are_chosen_by_name_or_package() -> None:
    known = list(subjects())
    assert chosen([], known) == known
    assert chosen(["domain.retry"], known) == ["meganodes.domain.retry"]
    assert set(chosen(["domain"], known)) == {each for each in known if ".domain." in each}
    assert chosen(["nothing"], known) == []
    assert "meganodes.protocol.currency_table" not in known


def test_excused_mutants_do_not_count_in_the_score() -> None:
    found = {
        "meganodes.domain.a": {"mutants": 10, "survived": ["x", "y"]},
        "meganodes.domain.b": {"mutants": 10, "survived": []},
        "meganodes.protocol.c": {"mutants": 4, "survived": ["z"]},
    }
    summed = scores(found, {"meganodes.domain.a": {"x": "the same", "gone": "was killed since"}})
    assert summed["domain"] == Score(mutants=20, equivalent=1, killed=18)
    assert summed["domain"].percent == pytest.approx(100 * 18 / 19)
    assert summed["protocol"].percent == 75


def test_what_is_recorded_is_above_the_gate() -> None:
    assert figures.recorded(), "run `make mutation`"
    for package, score in scores(figures.recorded(), figures.equivalents()).items():
        assert score.percent > figures.GATE_PERCENT, package
