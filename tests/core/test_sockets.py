"""Who listens on a Unix socket."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from vmnb.core.sockets import connect

LISTENER = """
import os, socket, sys
os.setuid(12345)
listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen()
print("listens", flush=True)
sys.stdin.read()
"""


def test_ones_own_socket_is_connected_to(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.fspath(tmp_path / "socket"))
        listener.listen()
        connect(tmp_path / "socket").close()


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be somebody else for a while")
def test_what_another_user_listens_on_is_not_spoken_to(homes_root: Path) -> None:
    folder = homes_root / "theirs"
    folder.mkdir()
    homes_root.chmod(0o711)
    os.chown(folder, 12345, -1)
    path = folder / "socket"
    argv = [sys.executable, "-c", LISTENER, os.fspath(path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"listens\n"
        with pytest.raises(PermissionError, match="user 12345 listens there"):
            connect(path)
        process.communicate()
    path.unlink()
