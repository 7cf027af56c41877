"""A front end's server, for as long as a test needs it."""

import os
import re
import socket
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

_START_S = 90.0
_STOP_S = 30.0


def free_port() -> int:
    """Return a port for a server that cannot choose one itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def served(
    command: Sequence[str], address: str, log: Path, **environment: str | Path
) -> Iterator[str]:
    """Run `command`, and give the URL that it prints, which matches `address`."""
    server = subprocess.Popen(
        command,
        cwd=log.parent,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **{k: str(v) for k, v in environment.items()}},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    url: Future[str] = Future()
    reader = Thread(target=_read, args=(server, re.compile(address), log, url))
    reader.start()
    try:
        yield url.result(_START_S)
    finally:
        _end(server)
        reader.join(_STOP_S)


def _end(server: "subprocess.Popen[str]") -> None:
    """End it; a Jupyter server now and then waits for ever for a thread of its own at its exit."""
    server.terminate()
    try:
        server.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait(_STOP_S)


def _read(
    server: "subprocess.Popen[str]", address: re.Pattern[str], log: Path, url: "Future[str]"
) -> None:
    """Keep what the server says, to its end, so that it never waits for a reader."""
    assert server.stdout is not None
    with server.stdout, log.open("w") as kept:
        for line in server.stdout:
            kept.write(line)
            kept.flush()
            if not url.done() and (found := address.search(line)):
                url.set_result(found[0])
    if not url.done():
        url.set_exception(AssertionError(f"the server did not start:\n{log.read_text()}"))
