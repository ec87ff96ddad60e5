"""What may stand only in named places: floats, the clock, chance, the environment, catch-alls."""

import ast
from collections.abc import Callable, Iterator
from typing import TypeGuard

import pytest

from tests.house.tree import SOURCE, dotted, files, listed, tree

# float() may convert what is no amount; each place says what it converts.
FLOAT_PLACES = {
    "callbacks/bulkhead.py": "calls per second",
    "callbacks/reader.py": "the seconds of a Keep-Alive header",
    "player_pages/texts.py": "the weight of a language in Accept-Language",
}

# The three kinds of place where anything may be caught: a door's handler, the worker's loop, the
# command line's main.
CATCH_ALL_PLACES = {
    "backoffice/door.py": "the handler of the Back Office's door",
    "cli/__main__.py": "the command line's main",
    "hub/daily_reconciliation.py": "the loop that compares, and each agent's part of it",
    "hub/retention.py": "the loop of the daily run",
    "hub/watch.py": "the loop that looks, for metrics and alerts",
    "hub/worker.py": "the loop that sends",
    "journal/postgres_chores.py": "whatever befalls claims is for those whose claims they were",
    "journal/postgres_writer.py": "a defect in a batch is for those whose changes these were",
    "journal/sqlite_writer.py": "whatever a job raises goes to its own caller, not to its batch",
    "main_api/v4/correlation.py": "the handler of the agents' door",
    "player_pages/routes.py": "the handler of the players' door",
    "provider_api/inbound.py": "the handler of the providers' door",
    "sdk/dispatcher.py": "the handler of an operator's door: the backend behind it is not our code",
}

# The third is an operator's: no root of ours gives a clock to their programs.
MAY_TOUCH_THE_WORLD = ("bootstrap/", "kit/", "sdk/client/waiting")
WORLD = {
    "time.time", "time.time_ns", "time.monotonic", "time.monotonic_ns", "time.perf_counter",
    "time.perf_counter_ns", "time.sleep", "asyncio.sleep", "os.environ", "os.getenv", "os.urandom",
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "datetime.datetime.now",
    "datetime.datetime.utcnow", "uuid.uuid1", "uuid.uuid4",
}  # fmt: skip
WORLD_MODULES = {"random", "secrets"}
CATCH_ALLS = {"Exception", "BaseException"}


def float_calls(module: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(module):
        if isinstance(node, ast.Call) and dotted(node.func) == "float":
            yield node.lineno, "float(): amounts are integers in minor units"


def world_uses(module: ast.Module) -> Iterator[tuple[int, str]]:
    """The environment, the clock, chance and sleeping, however they were imported."""
    yields = {id(node.func) for node in ast.walk(module) if _only_yields(node)}
    for node in ast.walk(module):
        for name in [] if id(node) in yields else _names_of_outside_things(node):
            if name in WORLD or name.split(".")[0] in WORLD_MODULES:
                line = getattr(node, "lineno", 0)
                yield line, f"{name}: take Clock, Identity or a setting as an argument"


def _only_yields(node: ast.AST) -> TypeGuard[ast.Call]:
    """`asyncio.sleep(0)` waits for nothing: it gives the other tasks their turn."""
    return (
        isinstance(node, ast.Call)
        and dotted(node.func) == "asyncio.sleep"
        and [ast.unparse(argument) for argument in node.args] == ["0"]
    )


def _names_of_outside_things(node: ast.AST) -> list[str]:
    match node:
        case ast.Import():
            return [alias.name for alias in node.names]
        case ast.ImportFrom(module=str(origin), level=0):
            return [f"{origin}.{alias.name}" for alias in node.names]
        case ast.Attribute():
            name = dotted(node)
            return [name] if name in WORLD else []
        case _:
            return []


def catch_alls(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Handlers that swallow anything; one that ends by raising again is no catch-all."""
    for node in ast.walk(module):
        if isinstance(node, ast.ExceptHandler) and _catches_all(node) and not _raises_again(node):
            yield node.lineno, "except Exception: name what you expect"


def _catches_all(handler: ast.ExceptHandler) -> bool:
    caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(kind is None or dotted(kind) in CATCH_ALLS for kind in caught)


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def faults_outside(
    places: tuple[str, ...], checker: Callable[[ast.Module], Iterator[tuple[int, str]]]
) -> list[str]:
    return [
        f"{inside}:{line} {sentence}"
        for path in files(SOURCE)
        if not (inside := path.relative_to(SOURCE).as_posix()).startswith(places)
        for line, sentence in checker(tree(path))
    ]


def test_no_float_is_made_outside_the_named_places() -> None:
    faults = faults_outside(tuple(FLOAT_PLACES), float_calls)
    assert not faults, listed([*faults, "an entry in FLOAT_PLACES needs a reason"])


def test_only_bootstrap_and_kit_touch_the_world() -> None:
    faults = faults_outside(MAY_TOUCH_THE_WORLD, world_uses)
    assert not faults, listed(faults)


def test_anything_is_caught_in_the_named_places_only() -> None:
    faults = faults_outside(tuple(CATCH_ALL_PLACES), catch_alls)
    assert not faults, listed(faults)


@pytest.mark.parametrize(
    "planted",
    ["amount = float('1.5')", "amount = [float(text) for text in texts]"],
)
def test_checker_finds_floats(planted: str) -> None:
    assert len(list(float_calls(ast.parse(planted)))) == 1


def test_checker_takes_float_as_a_type() -> None:
    assert not list(float_calls(ast.parse("def wait(timeout_seconds: float) -> float: ...")))


@pytest.mark.parametrize(
    "planted",
    [
        "import time\nnow = time.time()",
        "import random",
        "from random import uniform",
        "from time import monotonic",
        "import os\nhome = os.environ['HOME']",
        "from datetime import datetime\nnow = datetime.now(UTC)",
        "import asyncio\nasync def wait(): await asyncio.sleep(1)",
        "import secrets as chance",
    ],
)
def test_checker_finds_uses_of_the_world(planted: str) -> None:
    assert len(list(world_uses(ast.parse(planted)))) == 1


def test_checker_takes_time_as_an_argument() -> None:
    planted = "import time\ndef f(clock): return clock.now_ms(), time.strftime('%Y')"
    assert not list(world_uses(ast.parse(planted)))


def test_checker_lets_other_tasks_run() -> None:
    assert not list(world_uses(ast.parse("async def f(): await asyncio.sleep(0)")))


@pytest.mark.parametrize("places", [FLOAT_PLACES, CATCH_ALL_PLACES])
def test_every_named_place_exists(places: dict[str, str]) -> None:
    missing = [name for name in places if not (SOURCE / name).exists()]
    assert not missing, f"remove what is gone: {missing}"


@pytest.mark.parametrize(
    ("handler", "faults"),
    [
        ("except Exception:\n    pass", 1),
        ("except:\n    pass", 1),
        ("except (ValueError, BaseException):\n    pass", 1),
        ("except BaseException:\n    close()\n    raise", 0),
        ("except ValueError:\n    pass", 0),
    ],
)
def test_checker_finds_catch_alls(handler: str, faults: int) -> None:
    planted = ast.parse(f"try:\n    work()\n{handler}")
    assert len(list(catch_alls(planted))) == faults
