"""Whether another client has a console: QEMU serves one at a time, and lets the next one wait."""

from pathlib import Path

__all__ = ["is_held"]

_SOCKETS = Path("/proc/net/unix")
_ACCEPTED = "03"


def is_held(path: Path) -> bool:
    """Return whether a client of the Unix socket at `path` is being served.

    A connection has its server's path, and is "connecting" until it is accepted (proc(5)). Where
    the system does not tell, the answer is no.
    """
    try:
        lines = _SOCKETS.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return False
    fields = (line.split(maxsplit=7) for line in lines)
    return any(len(f) == 8 and f[5] == _ACCEPTED and f[7] == str(path) for f in fields)
