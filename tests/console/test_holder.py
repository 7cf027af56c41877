"""Whether a console has a client already, told from real sockets."""

import os
import socket
from contextlib import closing
from pathlib import Path

from vmnb.console.holder import is_held


def test_a_console_is_held_from_when_its_client_is_accepted_until_it_is_gone(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a console"
    with closing(socket.socket(socket.AF_UNIX)) as server:
        server.bind(os.fspath(path))
        server.listen()
        assert not is_held(path)
        with closing(socket.socket(socket.AF_UNIX)) as client:
            client.connect(os.fspath(path))
            assert not is_held(path)
            with closing(server.accept()[0]):
                assert is_held(path)
                assert not is_held(tmp_path / "another")
        assert not is_held(path)
