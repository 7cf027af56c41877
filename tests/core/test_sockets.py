"""Sockets: whether one has a client already, told from real ones."""

import os
import socket
from contextlib import closing
from pathlib import Path

from vmnb.core.sockets import is_served


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
