"""The key by which a guest's SSH server is known again: kept at the first login, then required."""

import os
from pathlib import Path

from vmnb.core.errors import GuestError
from vmnb.core.paths import private_dir

__all__ = ["HostKeys"]


class HostKeys:
    """A file as ``known_hosts`` with the one key of one guest.

    Parameters
    ----------
    path
        The file, for this user alone.
    alias
        Under which name the guest stands in it; its address changes from start to start.
    """

    def __init__(self, path: Path, alias: str) -> None:
        self.path = path
        self.alias = alias

    def read(self) -> bytes | None:
        """Return the file; None before the first login."""
        try:
            return self.path.read_bytes()
        except FileNotFoundError:
            return None

    def pin(self, public_key: bytes) -> None:
        """Keep `public_key`, one line as in OpenSSH's files, unless another process was first."""
        unfinished = self._written(public_key)
        try:
            self.path.hardlink_to(unfinished)
        except FileExistsError:
            pass
        finally:
            unfinished.unlink()

    def renew(self, public_key: bytes) -> None:
        """Keep `public_key` instead of the one before: the server was given it by us."""
        self._written(public_key).replace(self.path)

    def changed(self, name: str) -> GuestError:
        """Return the error for a server that has another key."""
        return GuestError(
            f"the SSH server of {name!r} has another key than at its first login: it is not the "
            "same server, and nothing was sent to it",
            hint=f"if the guest made new keys, remove {self.path} and the next login keeps its key",
        )

    def _written(self, public_key: bytes) -> Path:
        """Return a file beside, with the line of that key."""
        private_dir(self.path.parent)
        unfinished = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(self.alias.encode() + b" " + public_key.strip() + b"\n")
        return unfinished
