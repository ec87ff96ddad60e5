"""Fixtures for stories about wallet backends: a program starts only where a test asks for one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.wallets import KINDS, Wallet, Wallets


@pytest.fixture(scope="module")
def wallets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wallets]:
    """Running wallets of every kind, each started once for a file of tests."""
    started = Wallets(tmp_path_factory.mktemp("wallets"))
    yield started
    started.end()


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The toy casino, and the examples in other languages."""
    name: str = request.param
    return name


@pytest.fixture
def wallet(wallets: Wallets, kind: str) -> Wallet:
    """A wallet of revision guid that answers duplicates with 41, in euros."""
    return wallets.get(kind=kind)
