"""Where a VM's SSH server is, and the files by which it is entered."""

from pathlib import Path

from vmnb.core.machine import Machine

__all__ = ["PORT", "host_keys_path", "key_path", "ssh_address"]

_LOOPBACK = "127.0.0.1"
PORT = 22
"""Where a guest's SSH server listens in the guest."""


def key_path(work_dir: Path) -> Path:
    """Return the private key that was made for the VM of that work directory."""
    return work_dir / "ssh" / "id_ed25519"


def host_keys_path(work_dir: Path) -> Path:
    """Return the file with the key by which its server is known again."""
    return work_dir / "ssh" / "known_hosts"


async def ssh_address(machine: Machine) -> tuple[str, int]:
    """Return the host and the port at which the server of a VM that runs is reached now."""
    port = machine.handle.ssh_host_port
    return (_LOOPBACK, port) if port is not None else (str(await machine.guest_ip()), PORT)
