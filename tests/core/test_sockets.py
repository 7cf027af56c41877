"""Who listens on a Unix socket, and whether it is served."""

import os
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from vmnb.core.sockets import connect, is_served

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


def test_a_socket_is_served_from_when_its_client_is_accepted_until_it_is_gone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a socket"
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(os.fspath(path))
        server.listen()
        assert not is_served(path)
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(os.fspath(path))
            assert not is_served(path)
            with closing(server.accept()[0]):
                assert is_served(path)
                assert not is_served(tmp_path / "another")
        assert not is_served(path)
