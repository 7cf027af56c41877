"""A shell on a pty behind a Unix socket and a log file, as QEMU's chardev gives a serial port.

``python -m tests.bench.pty_bridge PATH`` serves one client at a time at PATH until it is
terminated, and logs to PATH with ``.log`` at its end. A client that is slow makes the shell wait.
"""

import os
import pty
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

SHELL = str(Path(__file__).parent / "shell.sh")
_CHUNK = 64 * 1024


@contextmanager
def bridge(path: Path) -> Iterator[Path]:
    """Run it in a process of its own, and give `path` once it listens there."""
    command = [sys.executable, "-m", "tests.bench.pty_bridge", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        try:
            yield path
        finally:
            process.terminate()


def log_of(path: Path) -> Path:
    """Return where the bridge at `path` logs what the shell says."""
    return path.with_suffix(".log")


def main() -> None:
    path = Path(sys.argv[1])
    pid, shell = pty.fork()
    if pid == 0:
        os.execve(SHELL, [SHELL, "-i"], os.environ | {"TERM": "xterm"})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    with socket.socket(socket.AF_UNIX) as listener, log_of(path).open("ab", buffering=0) as log:
        listener.bind(str(path))
        listener.listen(1)
        print("listening", flush=True)
        while True:
            with _client(listener, shell, log) as client:
                _carry(client, shell, log)


def _client(listener: socket.socket, shell: int, log: BinaryIO) -> socket.socket:
    """Return the next client; until it comes, the log alone gets the output."""
    while listener.fileno() not in select.select([listener.fileno(), shell], [], [])[0]:
        log.write(os.read(shell, _CHUNK))
    return listener.accept()[0]


def _carry(client: socket.socket, shell: int, log: BinaryIO) -> None:
    """Carry bytes both ways until the client goes."""
    while True:
        ready, _, _ = select.select([client.fileno(), shell], [], [])
        try:
            if client.fileno() in ready:
                typed = client.recv(_CHUNK)
                if not typed:
                    return
                os.write(shell, typed)
            if shell in ready:
                said = os.read(shell, _CHUNK)
                client.sendall(said)
                log.write(said)
        except ConnectionError:
            return


if __name__ == "__main__":
    main()
