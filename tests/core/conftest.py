"""Homes, stores and sessions of the core's tests: each test has its own."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vmnb.backends.noop import NoopHypervisor
from vmnb.core.router import RouterHypervisor
from vmnb.core.session import Session
from vmnb.core.store import Store

Python = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a data home of its own to this test and to the processes that it starts."""
    for variable in ("VMNB_HOME", "VMNB_CACHE", "VMNB_RUNTIME"):
        monkeypatch.setenv(variable, str(tmp_path / variable.lower()))
    return tmp_path / "vmnb_home"


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def noop() -> NoopHypervisor:
    return NoopHypervisor()


@pytest.fixture
def new_session(
    runner: asyncio.Runner, noop: NoopHypervisor, store: Store
) -> Iterator[Callable[[], Session]]:
    """Give a maker of sessions over one store and one backend, closed after the test."""
    made: list[Session] = []

    def make() -> Session:
        made.append(Session(store, RouterHypervisor([noop])))
        return made[-1]

    yield make
    for session in made:
        runner.run(session.aclose())


@pytest.fixture
def session(new_session: Callable[[], Session]) -> Session:
    return new_session()


@pytest.fixture
def python() -> Python:
    """Give a function that runs a program in a Python process of its own to its end."""

    def run(program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-W", "error", "-c", program, *arguments],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=dict(os.environ),
        )

    return run
