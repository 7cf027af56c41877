"""Homes of its own, and a fresh background loop, for each test."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.boot_sector import boot_disk
from tests.coroutines import pytest_pyfunc_call
from vmnb.core import runtime

__all__ = ["pytest_pyfunc_call"]

Python = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(autouse=True)
def own_homes(homes: Path) -> Iterator[None]:
    runtime.shutdown()
    yield
    runtime.shutdown()


@pytest.fixture
def boot_sector(homes: Path) -> Path:
    """A user's own raw image, whose guest waits for ever and has no agent."""
    return boot_disk(homes / "mine.img")


@pytest.fixture
def python() -> Iterator[Python]:
    """Start a Python of its own session, as a kernel is, with its output to be read."""
    started: list[subprocess.Popen[str]] = []

    def start(code: str, *args: str | Path, **environment: str) -> "subprocess.Popen[str]":
        child = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code, *map(str, args)],
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.communicate()


@pytest.fixture
def as_nobody(homes: Path) -> Iterator[str]:
    """Code that makes a Python an ordinary user's, who can reach the homes; for root alone."""
    if os.getuid() != 0:
        pytest.skip("becoming another user needs root")
    homes.parent.chmod(0o755)
    homes.chmod(0o755)
    # What is imported later must be imported before: the user may not reach Python itself.
    yield """
import importlib.metadata, importlib.readers, importlib.resources, os, pandas, sys
import vmnb.backends.qemu, vmnb.notebook.tables.machines
from pathlib import Path
from vmnb import VM, machines
from vmnb.core.registry import make_hypervisor
make_hypervisor("qemu")
os.setgid(65534)
os.setuid(65534)
"""
    homes.parent.chmod(0o700)
