"""A shell on a pty behind a Unix socket and a log file, as QEMU's chardev gives a serial port.

It is socat's, and not Python's: what stands for QEMU in a comparison of terminals shall cost about
as much as QEMU does.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["SHELL", "bridge", "log_of"]

SHELL = str(Path(__file__).parent / "shell.sh")
_BLOCK_BYTES = 64 * 1024


@contextmanager
def bridge(path: Path) -> Iterator[Path]:
    """Serve one client, once, at `path`, and give that once it listens there.

    A client that is slow makes the shell wait.
    """
    said = f"EXEC:{SHELL} -i,pty,setsid,ctty,stderr"
    options = ["-d", "-d", "-b", str(_BLOCK_BYTES), "-R", str(log_of(path))]
    command = ["socat", *options, f"UNIX-LISTEN:{path},perm=0600", said]
    log_of(path).touch(mode=0o600)
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        process.stderr.readline()  # "listening on ..."
        try:
            yield path
        finally:
            process.terminate()


def log_of(path: Path) -> Path:
    """Return where the bridge at `path` logs what the shell says."""
    return path.with_suffix(".log")
