"""The image's steps carried out as a script, the hub it holds started, asked and stopped."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.image import Image

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Everything installed from the lock into a fresh prefix."""
    image = Image(context=ROOT, root=tmp_path_factory.mktemp("image"))
    image.carry_out((ROOT / "deploy/Dockerfile").read_text())
    return image


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def environment_of(image: Image, **more: str) -> dict[str, str]:
    """All that a container's process sees: what the image sets, and what it is started with."""
    return {**image.environment, "MEGANODES_SERVER__HOST": "127.0.0.1", **more}


def meganodes(image: Image, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*image.entry_point, *words],
        cwd=image.folder,
        env=environment_of(image),
        executable=shutil.which("meganodes", path=image.environment["PATH"]),
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def running(image: Image, port: int, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*image.entry_point, *image.command],
            cwd=image.folder,
            env=environment_of(image, MEGANODES_SERVER__PORT=str(port)),
            executable=shutil.which("meganodes", path=image.environment["PATH"]),
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def is_healthy(image: Image, port: int) -> bool:
    done = subprocess.run(
        image.health_check,
        env=environment_of(image, MEGANODES_SERVER__PORT=str(port)),
        executable=shutil.which("python", path=image.environment["PATH"]),
        capture_output=True,
        check=False,
    )
    return done.returncode == 0


@pytest.mark.slow
def test_the_image_starts_without_a_network_is_healthy_and_drains(
    image: Image, tmp_path: Path
) -> None:
    key = Path(image.environment["MEGANODES_MASTER_KEY_FILE"])
    key.parent.mkdir(parents=True)
    assert meganodes(image, "version").stdout.strip()
    refused = meganodes(image, "serve")
    assert refused.returncode == 1
    assert "master_key_file" in refused.stderr
    assert meganodes(image, "key", "create", str(key)).returncode == 0
    port, log = free_port(), tmp_path / "hub.log"
    assert not is_healthy(image, port)
    with running(image, port, log) as hub:
        end = time.monotonic() + 60
        while not is_healthy(image, port):
            assert hub.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
        os.kill(hub.pid, signal.SIGTERM)
        assert hub.wait(60) == 0
    assert '"event":"listener_drained"' in log.read_text()
    state = image.root / "var/lib/meganodes"
    assert (state / "hub.db").stat().st_mode & 0o777 == 0o600
    made = meganodes(image, "backup", str(state / "b.db"))
    assert made.returncode == 0, made.stderr


@pytest.mark.slow
def test_what_runs_is_what_was_installed(image: Image) -> None:
    python = shutil.which("python", path=image.environment["PATH"])
    assert python is not None
    where = "import meganodes; print(meganodes.__file__)"
    done = subprocess.run(
        [python, "-c", where], env=environment_of(image), capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith(str(image.root / "opt/meganodes/lib"))
    assert (image.root / "var/lib/meganodes").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("name", ["meganodes", "meganodes-postgresql"])
def test_the_unit_is_one_that_systemd_understands(tmp_path: Path, name: str) -> None:
    """Where systemd is installed it judges itself; the house rules read the unit in any case."""
    unit = (ROOT / f"deploy/systemd/{name}.service").read_text()
    program = shutil.which("systemd-analyze")
    assert unit.count("[Service]") == 1
    if program is None:
        return
    # The program is not installed here, which is all that may be wrong.
    (tmp_path / "meganodes.service").write_text(unit.replace("/opt/meganodes/bin/", "/bin/true "))
    done = subprocess.run(
        [program, "verify", "--man=no", str(tmp_path / "meganodes.service")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "meganodes.service" not in done.stderr, done.stderr
