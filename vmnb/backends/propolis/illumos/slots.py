"""Numbers for servers: each number is an address of its own and a port of its own."""

import os
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network
from pathlib import Path

from vmnb.core.errors import BackendError
from vmnb.core.paths import data_home, private_dir

__all__ = ["Slot", "claim", "release"]

_PORT = 12400
_FIRST_HOST = 2  # the host itself is the first


@dataclass(frozen=True, slots=True)
class Slot:
    """A number among the servers of one network."""

    number: int
    network: IPv4Network

    @property
    def interface(self) -> IPv4Interface:
        """The server's address, with its network."""
        address = self.network[_FIRST_HOST + self.number]
        return IPv4Interface((address, self.network.prefixlen))

    @property
    def listens(self) -> str:
        """Address and port, as in an URL."""
        return f"{self.interface.ip}:{_PORT + self.number}"


def claim(vm_id: str, network: IPv4Network) -> Slot:
    """Return the lowest number that is free; it is the VM's until it is released.

    Two processes never get the same, for each number is a file that only one of them can make.

    Raises
    ------
    BackendError
        All are taken.
    """
    home = private_dir(_home())
    for number in range(min(network.num_addresses - 1 - _FIRST_HOST, 65536 - _PORT)):
        with suppress(FileExistsError):
            descriptor = os.open(home / str(number), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(vm_id)
            return Slot(number, network)
    raise BackendError(
        f"every address of {network} is taken by a server", hint="destroy VMs that nobody needs"
    )


def release(vm_id: str, number: str) -> None:
    """Free a number, if it is that VM's."""
    slot = _home() / number
    with suppress(FileNotFoundError):
        if slot.read_text() == vm_id:
            slot.unlink()


def _home() -> Path:
    return data_home().absolute() / "propolis"
