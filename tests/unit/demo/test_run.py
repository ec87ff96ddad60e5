"""The whole demo: real hub, real casino, real studio, and what happens when it cannot start."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from meganodes.demo.backends import Backend, Language
from meganodes.demo.narrator import Narrator
from meganodes.demo.run import DemoOptions, _Demo, _fresh_folder, run_demo
from meganodes.demo.serving import bind
from meganodes.kit.clock import SystemClock
from meganodes.protocol.commands import Revision
from tests.support.warm_start import WarmChildren


def free_ports(count: int) -> list[int]:
    listeners = [bind("127.0.0.1", 0) for _ in range(count)]
    ports = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


async def run(options: DemoOptions) -> tuple[int, str]:
    paper = io.StringIO()
    status = await run_demo(options, Console(file=paper, width=160))
    return status, paper.getvalue()


@pytest.mark.slow
async def test_the_tour_ends_with_three_agreeing_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way `make demo ONCE=1` does not go: revision id, duplicates 0, numbers as text."""
    monkeypatch.setattr("meganodes.demo.run.Children", WarmChildren)
    hub_port, casino_port, studio_port = free_ports(3)
    options = DemoOptions(
        folder=tmp_path / "demo",
        hub_port=hub_port,
        casino_port=casino_port,
        studio_port=studio_port,
        revision=Revision.ID,
        duplicates=0,
        numeric_text=True,
        once=True,
    )
    status, told = await run(options)
    assert status == 0, told
    assert re.findall(r"^ {1,2}(\d)\. ", told, re.MULTILINE) == list("123456789")
    for words in (
        "Callback-Token: ****",
        '"command":"authenticate"',
        "302 Location:",
        "code 2006, nothing moved",
        "code 3003, the cancel was taken",
        "delivered False",
        '"replay": true',
        "agree three times, to the cent",
    ):
        assert words in told
    secrets = (tmp_path / "demo/run-0001/agent.json").read_text()
    callback_token = secrets.split('"callback_token": "')[1].split('"')[0]
    assert callback_token not in told


@pytest.mark.parametrize("option", ["--port", "--casino-port", "--studio-port"])
async def test_a_taken_port_is_named_with_its_cure(tmp_path: Path, option: str) -> None:
    hub_port, casino_port, studio_port = free_ports(3)
    taken = {"--port": hub_port, "--casino-port": casino_port, "--studio-port": studio_port}
    with bind("127.0.0.1", taken[option]) as listener:
        listener.listen()
        status, told = await run(
            DemoOptions(
                folder=tmp_path / "demo",
                hub_port=hub_port,
                casino_port=casino_port,
                studio_port=studio_port,
                once=True,
            )
        )
    assert status == 1
    assert f"port {taken[option]} is taken" in told
    assert option in told
    assert not (tmp_path / "demo").exists()


async def test_the_port_of_a_casino_in_another_language_is_looked_at_too(tmp_path: Path) -> None:
    hub_port, casino_port, studio_port = free_ports(3)
    with bind("127.0.0.1", 0) as listener:
        listener.listen()
        taken = listener.getsockname()[1]
        options = DemoOptions(
            folder=tmp_path / "demo",
            hub_port=hub_port,
            casino_port=casino_port,
            studio_port=studio_port,
            backend_port=taken,
            once=True,
        )
        backend = Backend(language=Language.NODE, file=tmp_path / "backend.mjs")
        status, told = await run(replace(options, backend=backend))
    assert status == 1
    assert f"port {taken} is taken" in told
    assert "--backend-port" in told


async def test_a_runtime_that_is_missing_is_named_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    hub_port, casino_port, studio_port, backend_port = free_ports(4)
    options = DemoOptions(
        folder=tmp_path / "demo",
        hub_port=hub_port,
        casino_port=casino_port,
        studio_port=studio_port,
        backend_port=backend_port,
        backend=Backend(language=Language.PHP, file=tmp_path / "backend.php"),
        once=True,
    )
    status, told = await run(options)
    assert status == 1
    assert "php is not installed" in told
    assert "sudo apt-get install php-cli" in told
    assert not (tmp_path / "demo").exists()


async def test_a_program_that_cannot_start_is_named(tmp_path: Path) -> None:
    hub_port, casino_port, studio_port = free_ports(3)
    options = DemoOptions(
        folder=tmp_path / "demo",
        hub_port=hub_port,
        casino_port=casino_port,
        studio_port=studio_port,
        once=True,
        environment={"MEGANODES_INSTALLATION": "Not Allowed"},
    )
    status, told = await run(options)
    assert status == 1
    assert "failed" in told
    assert "installation" in told


def test_every_run_gets_a_folder_of_its_own_and_deletes_nothing(tmp_path: Path) -> None:
    parent = tmp_path / "demo"
    first = _fresh_folder(parent)
    (first / "foreign.txt").write_text("keep me")
    (parent / "run-0002").write_text("a file of somebody else")
    second = _fresh_folder(parent)
    assert (first.name, second.name) == ("run-0001", "run-0003")
    assert (first / "foreign.txt").read_text() == "keep me"
    assert first.stat().st_mode & 0o777 == 0o700


def test_the_last_that_is_printed_is_the_link_to_the_game(tmp_path: Path) -> None:
    paper = io.StringIO()
    console = Console(file=paper, width=100)
    options = DemoOptions(casino_port=18_701)
    demo = _Demo(options, tmp_path, console, Narrator(console), SystemClock())
    demo._show_doors("http://127.0.0.1:8700/office/welcome")
    last_lines = paper.getvalue().splitlines()[-5:]
    assert "Play the game yourself:  http://127.0.0.1:18701/play " in last_lines[2]
