"""Trying mutants: each in a forked process that has imported and collected everything already.

What stands in a function is exchanged in place. What runs on import needs an import of its own, in
a process forked before anything of the package was imported.
"""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.util
import inspect
import os
import resource
import select
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import NoReturn

import pytest

from tools.mutation.mutants import Mutant, mutated

_OPTIONS = (
    "-o", "addopts=", "--import-mode=importlib", "-q", "-x", "--no-header", "--hypothesis-seed=1",
    "-p", "pytest_asyncio.plugin", "-p", "_hypothesis_pytestplugin", "-p", "no:cacheprovider",
    "-W", "ignore::pytest.PytestAssertRewriteWarning",  # they are imported here already
)  # fmt: skip
_NEEDED = (
    "_hypothesis_pytestplugin", "hypothesis", "hypothesis.strategies", "iso4217", "msgspec",
    "pytest_asyncio.plugin", "structlog", "structlog.testing",
)  # fmt: skip
_SLOWER = 3
_CPU_SECONDS = 2
_BASELINE_SECONDS = 600
_BUSY = 60
"""So many times as long as on a processor of its own a process may take where many share it."""
_MEMORY = 4 * 2**30
_NOT_IN_PLACE = 90


class Verdict(StrEnum):
    """What the tests made of a mutant; one that takes far too long or too much memory is found."""

    KILLED = "killed"
    SURVIVED = "survived"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A module, its source, and the tests that are to notice: its own ones first."""

    module: str
    path: Path
    tests: tuple[str, ...]

    @property
    def source(self) -> str:
        return self.path.read_text(encoding="utf-8")


def prepare() -> None:
    """Import once what every run needs, but nothing of the package and none of its tests."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in _NEEDED:
        importlib.import_module(name)


def judge(
    subject: Subject, mutants: Sequence[Mutant], tell: Callable[[Mutant, Verdict], None]
) -> None:
    """Try every mutant; whoever listens is told of each as it is known."""
    functional = [mutant for mutant in mutants if mutant.function]
    on_import = [mutant for mutant in mutants if not mutant.function]
    on_import += _in_place(subject, functional, tell) if functional else []
    allowed = _allowed(lambda: _whole_run(subject, None)) if on_import else 0
    for mutant in on_import:
        ended = forked(partial(_whole_run, subject, mutant), allowed)
        tell(mutant, Verdict.KILLED if ended.status else Verdict.SURVIVED)


def _in_place(
    subject: Subject, mutants: Sequence[Mutant], tell: Callable[[Mutant, Verdict], None]
) -> list[Mutant]:
    """Collect the tests once and try each mutant in a fork of that; give those that need more."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.close(reading)
        _silence()
        plugin = _TrialsInPlace(subject, mutants, writing)
        os._exit(int(pytest.main([*_OPTIONS, *subject.tests], plugins=[plugin])))
    os.close(writing)
    left: list[Mutant] = []
    tried = 0
    with os.fdopen(reading) as lines:
        for line, mutant in zip(lines, mutants, strict=False):
            tried += 1
            status = int(line)
            if status == _NOT_IN_PLACE:
                left.append(mutant)
            else:
                tell(mutant, Verdict.KILLED if status else Verdict.SURVIVED)
    os.waitpid(child, 0)
    if tried != len(mutants):
        raise RuntimeError(f"the tests of {subject.module} fail as it is")
    return left


class _TrialsInPlace:
    """A plugin that runs the collected tests once for each mutant instead of once.

    Which test found the last mutants is tried first: it often finds the next one too.
    """

    def __init__(self, subject: Subject, mutants: Sequence[Mutant], line: int) -> None:
        self._subject = subject
        self._mutants = mutants
        self._line = line
        self._failed = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._failed = self._failed or report.failed

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = list(session.items)
        allowed = _allowed(partial(self._run, items, None, -1))
        for mutant in self._mutants:
            reading, writing = os.pipe()
            ended = forked(partial(self._run, items, mutant, writing), allowed)
            os.close(writing)
            finder = os.read(reading, 20)
            os.close(reading)
            if finder:
                items.insert(0, items.pop(int(finder)))
            os.write(self._line, f"{ended.status}\n".encode())
        return True

    def _run(self, items: Sequence[pytest.Item], mutant: Mutant | None, finder: int) -> int:
        if mutant is not None and not exchanged_in_place(self._subject, mutant):
            return _NOT_IN_PLACE
        for number, (item, following) in enumerate(zip(items, [*items[1:], None], strict=True)):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if self._failed:
                os.write(finder, str(number).encode())
                return 1
        return 0


def exchanged_in_place(subject: Subject, mutant: Mutant) -> bool:
    """Give the function around a mutant its changed code, for all who hold it; False: it cannot."""
    module = sys.modules[subject.module]
    code = compile(mutated(subject.source, mutant), str(subject.path), "exec")
    changed, function = _code_of(code, mutant.function), _function(module, mutant.function)
    if changed is None or function is None or changed.co_freevars != function.__code__.co_freevars:
        return False
    function.__code__ = changed
    return True


def _code_of(code: CodeType, name: str) -> CodeType | None:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found = constant if constant.co_qualname == name else _code_of(constant, name)
            if found is not None:
                return found
    return None


def _function(module: ModuleType, name: str) -> FunctionType | None:
    found: object = module
    for part in name.split("."):
        found = inspect.getattr_static(found, part, None)
    if isinstance(found, property):
        found = found.fget
    if isinstance(found, staticmethod | classmethod):
        found = found.__func__
    # A wrapped one may have kept results of before.
    return found if isinstance(found, FunctionType) and not hasattr(found, "__wrapped__") else None


def _whole_run(subject: Subject, mutant: Mutant | None) -> int:
    """Run the tests from the start, a mutant in the place of its module."""
    if mutant is not None:
        tree = mutated(subject.source, mutant)
        sys.meta_path.insert(0, _Planted(subject, tree))
    return int(pytest.main([*_OPTIONS, *subject.tests]))


class _Planted(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports the changed tree for the one module."""

    def __init__(self, subject: Subject, tree: ast.Module) -> None:
        self._subject = subject
        self._tree = tree

    def find_spec(
        self, fullname: str, path: object = None, target: object = None
    ) -> ModuleSpec | None:
        del path, target
        if fullname != self._subject.module:
            return None
        return importlib.util.spec_from_file_location(fullname, self._subject.path, loader=self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._tree, str(self._subject.path), "exec"), module.__dict__)  # noqa: S102


# --- processes ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Ended:
    """How a forked process ended: its status (0: well) and what it took of the processor."""

    status: int
    cpu_seconds: float


def _allowed(work: Callable[[], int]) -> int:
    """Let work that must succeed be done once; give the processor time that a mutant may take."""
    usual = forked(work, _BASELINE_SECONDS)
    if usual.status:
        raise RuntimeError("the tests fail as the code is")
    return _CPU_SECONDS + round(_SLOWER * usual.cpu_seconds)


def forked(work: Callable[[], int], cpu_seconds: int) -> Ended:
    """Do work in a forked process that is ended when it takes more of the processor than this."""
    child = os.fork()
    if not child:
        _obey(work, cpu_seconds)
    watched = os.pidfd_open(child)
    try:
        patience = select.poll()
        patience.register(watched, select.POLLIN)
        if not patience.poll(1_000 * _BUSY * cpu_seconds):
            os.kill(child, signal.SIGKILL)  # it waits for something, for ever
    finally:
        os.close(watched)
    _, status, used = os.wait4(child, 0)
    return Ended(abs(os.waitstatus_to_exitcode(status)), used.ru_utime + used.ru_stime)


def _obey(work: Callable[[], int], cpu_seconds: int) -> NoReturn:
    resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    _silence()
    status = 1
    try:
        status = work()
    finally:
        os._exit(status)


def _silence() -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):
        os.dup2(nowhere, number)
