"""Where a network is: the file that describes it, and the directory of its switch's sockets."""

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from vmnb.core.paths import data_home, socket_dir

__all__ = ["Rendezvous", "default_directory", "register_path"]


def register_path(network: str) -> Path:
    """Return the file of the network of that name, among those of this user."""
    return data_home().absolute() / "networks" / f"{network}.json"


def default_directory(network: str) -> Path:
    """Return where the sockets of a new switch belong; another home's networks are elsewhere.

    Raises
    ------
    SpecError
        No place is short enough for sockets.
    """
    digest = hashlib.sha256(os.fsencode(register_path(network))).hexdigest()
    return socket_dir(f"net-{digest[:16]}", "switch.sock")


@dataclass(frozen=True, slots=True)
class Rendezvous:
    """Paths in the directory where a switch and its members find each other."""

    directory: Path

    @property
    def frames(self) -> Path:
        """The socket that takes the frames of all members."""
        return self.directory / "frames.sock"

    @property
    def control(self) -> Path:
        """The socket on which the switch is asked to look at the network's file again."""
        return self.directory / "switch.sock"

    @property
    def lock(self) -> Path:
        """The file whose lock says that a switch lives; in it, the number of its process."""
        return self.directory / "switch.lock"

    @property
    def log(self) -> Path:
        """What went wrong in the switch."""
        return self.directory / "switch.log"
