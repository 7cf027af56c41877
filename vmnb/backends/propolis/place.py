"""Where a VM's server is and what is made around it: the interface of the two ways."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from vmnb.backends.propolis.files import WorkFiles
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import Capability, IpAddress
from vmnb.core.spec import VmSpec

__all__ = ["CAPABILITIES", "Made", "Place"]

CAPABILITIES = frozenset(
    {
        Capability.CONSOLE,
        Capability.EVENTS,
        Capability.CLOUD_INIT,
        Capability.UEFI,
        Capability.NETWORK_VNIC,
        Capability.NETWORK_NONE,
    }
)
"""What the server can do wherever it is: neither pause a guest nor ask it to switch itself off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What was made for a VM, or is there already.

    Parameters
    ----------
    server
        URL of its server.
    disk
        Path of its disk on the server's machine.
    vnic, mac
        Its VNIC there, and that one's address, where known.
    facts
        More that the handle shall remember.
    """

    server: str
    disk: str
    vnic: str | None = None
    mac: str | None = None
    facts: Mapping[str, str] = field(default_factory=dict)


class Place(Protocol):
    """Where VMs are.

    Attributes
    ----------
    starts_servers
        Whether a server is the VM's alone, and comes and goes with it.
    """

    starts_servers: bool

    def capabilities(self, spec: VmSpec | None) -> frozenset[Capability]:
        """Return what a VM of that spec can do here; for None what any could."""
        ...

    async def check(self, spec: VmSpec) -> None:
        """Raise where the spec cannot be had here; nothing is made."""
        ...

    async def make(self, vm_id: str, spec: VmSpec, files: WorkFiles) -> Made:
        """Make what the VM needs; what fails half-way is left for :meth:`unmake`."""
        ...

    async def unmake(self, files: WorkFiles) -> None:
        """Remove what was made, the last first; what is gone already is passed over."""
        ...

    async def up(self, handle: VmHandle) -> None:
        """Let the VM's server be there; afterwards it may still be starting."""
        ...

    async def down(self, handle: VmHandle) -> None:
        """Let the VM's server be gone, if it is the VM's alone."""
        ...

    async def is_down(self, handle: VmHandle) -> bool:
        """Whether the VM's server is known to be gone although it cannot be asked."""
        ...

    async def guest_ip(self, handle: VmHandle) -> IpAddress:
        """Return the guest's address."""
        ...
