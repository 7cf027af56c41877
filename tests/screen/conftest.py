"""Screens of a test that plays QEMU on a real socket."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.coroutines import pytest_pyfunc_call

__all__ = ["pytest_pyfunc_call"]


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """Listen where a screen would."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "vnc"))
        listener.listen(16)
        listener.setblocking(False)
        yield listener
