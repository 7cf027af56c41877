"""What the host knows of a boot."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, runtime_checkable

from vmnb.core.handle import VmHandle

__all__ = ["BootMark", "BootMarking", "Milestone"]


class Milestone(StrEnum):
    """What can be seen of a boot from outside."""

    SPAWNED = "spawned"
    """The hypervisor's process began."""
    RESET = "reset"
    """The guest began anew, in the same process."""
    READY = "ready"
    """The guest's agent opened its port."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BootMark:
    """A moment of a boot, in UTC by the host's clock."""

    milestone: Milestone
    time: datetime


@runtime_checkable
class BootMarking(Protocol):
    """A hypervisor with :attr:`~vmnb.core.hypervisor.Capability.BOOT_MARKS`."""

    async def boot_marks(self, handle: VmHandle) -> tuple[BootMark, ...]:
        """Return what is known of the VM's last run, oldest first; it may have ended."""
        ...
