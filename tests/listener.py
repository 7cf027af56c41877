"""Where a test plays QEMU: a conftest that imports the fixture gives it to its tests."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

__all__ = ["listener"]


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[socket.socket]:
    """Listen where a console or a screen would."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "qemu"))
        listener.listen(16)
        listener.setblocking(False)
        yield listener
