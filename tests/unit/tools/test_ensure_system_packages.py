"""Programs from outside are installed where that is allowed, else named; never skipped."""

from dataclasses import dataclass, field

import pytest

from tools.ensure_system_packages import NEEDED_BY, PROGRAM_OF_PACKAGE, ThisMachine, ensure, main

SUDO_TEST = ["sudo", "-n", "true"]


@dataclass
class FakeMachine:
    """A computer on which apt may work or not; it writes down every command."""

    programs: set[str] = field(default_factory=lambda: {"apt-get"})
    root: bool = False
    sudo: bool = False
    lists_are_old: bool = False
    package_is_empty: bool = False
    commands: list[list[str]] = field(default_factory=list)

    def has_program(self, name: str) -> bool:
        return name in self.programs

    def is_root(self) -> bool:
        return self.root

    def succeeds(self, command: list[str]) -> bool:
        self.commands.append(command)
        if command == SUDO_TEST:
            return self.sudo
        if command[-1] == "update":
            self.lists_are_old = False
            return True
        if self.lists_are_old:
            return False
        if not self.package_is_empty:
            self.programs.add("nginx")
        return True


def installs(machine: FakeMachine) -> list[list[str]]:
    return [command for command in machine.commands if "install" in command]


def test_nothing_happens_when_all_is_there() -> None:
    machine = FakeMachine(programs={"nginx"})
    assert ensure(("nginx-light",), machine) is None
    assert machine.commands == []


def test_root_installs_without_sudo() -> None:
    machine = FakeMachine(root=True)
    assert ensure(("nginx-light",), machine) is None
    assert machine.commands == [
        ["apt-get", "install", "--yes", "--no-install-recommends", "nginx-light"]
    ]


def test_silent_sudo_is_used() -> None:
    machine = FakeMachine(sudo=True)
    assert ensure(("nginx-light",), machine) is None
    assert installs(machine)[0][:3] == ["sudo", "-n", "apt-get"]


def test_old_package_lists_are_renewed_once() -> None:
    machine = FakeMachine(root=True, lists_are_old=True)
    assert ensure(("nginx-light",), machine) is None
    assert ["apt-get", "update"] in machine.commands
    assert len(installs(machine)) == 2


@pytest.mark.parametrize(
    "machine",
    [
        FakeMachine(),
        FakeMachine(programs=set(), root=True),
        FakeMachine(root=True, package_is_empty=True),
    ],
    ids=["no permission", "no apt", "apt gave no program"],
)
def test_otherwise_the_one_line_to_run_is_named(machine: FakeMachine) -> None:
    fault = ensure(("nginx-light",), machine)
    assert fault is not None
    assert fault.endswith("Run: sudo apt-get install --yes --no-install-recommends nginx-light")


def test_every_package_of_a_target_names_its_program() -> None:
    assert {package for needed in NEEDED_BY.values() for package in needed} <= set(
        PROGRAM_OF_PACKAGE
    )


def test_this_machine_finds_what_it_has() -> None:
    machine = ThisMachine()
    assert machine.has_program("sh")
    assert not machine.has_program("no-such-program-anywhere")
    assert machine.succeeds(["true"])
    assert not machine.succeeds(["false"])
    assert not machine.succeeds(["no-such-program-anywhere"])


def test_unknown_target_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nothing"]) == 2
    assert "usage" in capsys.readouterr().out
    assert main(["test"]) == 0
