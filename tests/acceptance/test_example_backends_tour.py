"""The whole tour of `make demo`, faults and all, against backends in other languages."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from meganodes.demo.backends import read_casino
from meganodes.demo.run import DemoOptions, run_demo
from meganodes.protocol.commands import Revision
from tests.support.evening import HURRIED
from tests.support.wallets import free_ports
from tests.support.warm_start import WarmChildren

STEPS = list("123456789")


@pytest.fixture
def _warm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("meganodes.demo.run.Children", WarmChildren)


@pytest.mark.slow
@pytest.mark.usefixtures("_warm")
@pytest.mark.parametrize(
    ("casino", "revision", "duplicates", "numeric_text"),
    [
        ("node", Revision.GUID, 41, False),
        ("node", Revision.ID, 0, True),
        ("php", Revision.GUID, 0, True),
        ("php", Revision.ID, 41, False),
        ("sdk", Revision.ID, 0, False),
    ],
)
async def test_the_tour_comes_out(
    tmp_path: Path, casino: str, revision: Revision, duplicates: int, *, numeric_text: bool
) -> None:
    hub, front, studio, backend = free_ports(4)
    options = DemoOptions(
        folder=tmp_path / "demo",
        hub_port=hub,
        casino_port=front,
        studio_port=studio,
        backend_port=backend,
        backend=read_casino(casino),
        revision=revision,
        duplicates=duplicates,
        numeric_text=numeric_text,
        once=True,
        environment=HURRIED,
    )
    paper = io.StringIO()
    status = await run_demo(options, Console(file=paper, width=160))
    told = paper.getvalue()
    folder = tmp_path / "demo/run-0001"
    assert status == 0, told + (folder / "backend.log").read_text()
    assert re.findall(r"^ {1,2}(\d)\. ", told, re.MULTILINE) == STEPS
    for words in (
        f"casino in {casino} ({revision.value})",
        "Callback-Token: ****",
        "code 2006, nothing moved",
        "code 3003, the cancel was taken",
        '"replay": true',
        "agree three times, to the cent",
    ):
        assert words in told
    assert (folder / "wallet").is_dir()
