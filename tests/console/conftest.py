"""Consoles of real QEMU processes, and of a test that plays QEMU on a real socket."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.coroutines import pytest_pyfunc_call

from .serial_guest import SerialGuest

__all__ = ["pytest_pyfunc_call"]


@pytest.fixture
def boot(tmp_path: Path) -> Iterator[Callable[[bytes], SerialGuest]]:
    guests: list[SerialGuest] = []

    def start(program: bytes) -> SerialGuest:
        guests.append(SerialGuest(program, tmp_path))
        return guests[-1]

    yield start
    for guest in guests:
        guest.stop()


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """Listen where a console would, without a log."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "console"))
        listener.listen(1)
        listener.setblocking(False)
        yield listener
