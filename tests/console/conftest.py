"""Consoles of real QEMU processes, and of a test that plays QEMU on a real socket."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.coroutines import pytest_pyfunc_call
from tests.listener import listener

from .serial_guest import SerialGuest

__all__ = ["listener", "pytest_pyfunc_call"]


@pytest.fixture
def boot(tmp_path: Path) -> Iterator[Callable[[bytes], SerialGuest]]:
    guests: list[SerialGuest] = []

    def start(program: bytes) -> SerialGuest:
        guests.append(SerialGuest(program, tmp_path))
        return guests[-1]

    yield start
    for guest in guests:
        guest.stop()
