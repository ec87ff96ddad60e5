"""The demo's children start, are waited for, and are gone afterwards."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from meganodes.demo.children import ChildFault, Children
from meganodes.demo.serving import bind
from meganodes.kit.clock import SystemClock
from tests.support.listener import eventually


def free_port() -> int:
    with bind("127.0.0.1", 0) as listener:
        port: int = listener.getsockname()[1]
        return port


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def pids(children: Children) -> list[int]:
    return [child.process.pid for child in children._running]


async def start_server(children: Children, folder: Path) -> str:
    port = free_port()
    await children.start("server", "http.server", str(port), "--directory", str(folder))
    return f"http://127.0.0.1:{port}/"


async def test_a_child_is_waited_for_and_ended(tmp_path: Path) -> None:
    async with Children(tmp_path, SystemClock()) as children:
        url = await start_server(children, tmp_path)
        await children.ready("server", url, 20)
        (pid,) = pids(children)
        assert is_running(pid)
        assert children.ended_by_themselves() == []
    assert not is_running(pid)


async def test_children_are_ended_when_something_goes_wrong(tmp_path: Path) -> None:
    children = Children(tmp_path, SystemClock())

    async def fail() -> None:
        async with children:
            await start_server(children, tmp_path)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    assert not any(map(is_running, pids(children)))


async def test_a_child_that_ends_at_once_shows_its_last_words(tmp_path: Path) -> None:
    async with Children(tmp_path, SystemClock()) as children:
        await children.start("server", "http.server", "no-port")
        with pytest.raises(ChildFault, match=r"the server ended at once:[\s\S]*invalid int"):
            await children.ready("server", "http://127.0.0.1:1/", 20)
        assert children.ended_by_themselves() == ["server"]


async def test_a_child_that_never_gets_ready_is_named(tmp_path: Path) -> None:
    async with Children(tmp_path, SystemClock()) as children:
        url = await start_server(children, tmp_path)
        with pytest.raises(ChildFault, match=r"not ready within 0\.3 s"):
            await children.ready("server", f"{url}missing", 0.3)


async def test_a_program_in_another_language_takes_its_workers_along(tmp_path: Path) -> None:
    """PHP's own server leaves its workers behind when it is told to end."""
    program = "sh -c 'sleep 300' & echo $! > worker; exec sleep 300"
    async with Children(tmp_path, SystemClock(), {"GIVEN": "yes", "PATH": "/usr/bin:/bin"}) as all_:
        command = ["/bin/sh", "-c", f"cd {tmp_path}; echo $GIVEN $MORE > seen; {program}"]
        await all_.start_foreign("server", command, {"MORE": "too"})
        worker = tmp_path / "worker"
        await eventually(lambda: worker.exists() and worker.read_text().strip(), 20)
        assert is_running(int(worker.read_text()))
    await eventually(lambda: not is_alive(int(worker.read_text())), 20)
    assert (tmp_path / "seen").read_text() == "yes too\n"


def is_alive(pid: int) -> bool:
    """Whether a process runs; one that has ended may wait for somebody to notice."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


async def test_a_command_that_fails_is_shown(tmp_path: Path) -> None:
    async with Children(tmp_path, SystemClock()) as children:
        assert await children.run("version")
        with pytest.raises(ChildFault, match=r"meganodes no-such-command failed:"):
            await children.run("no-such-command")


async def test_children_see_only_the_environment_they_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MEGANODES_DATABASE_URL", "sqlite:///of-somebody-else.db")
    async with Children(tmp_path, SystemClock(), {"MEGANODES_NODE": "demo"}) as children:
        environment = children._environment()
    assert "MEGANODES_DATABASE_URL" not in environment
    assert environment["MEGANODES_NODE"] == "demo"
