"""How much memory there is for guests."""

from vmnb.core.host_memory import free_mib
from vmnb.diagnosis.finding import Finding, Level

__all__ = ["look_at_memory"]

_LOW_MIB = 512
"""A tiny guest, which has 256 MiB, and QEMU beside it."""


def look_at_memory() -> list[Finding]:
    """Return how much this process can still have; nothing where the system does not say it."""
    free = free_mib()
    if free is None:
        return []
    is_low = free < _LOW_MIB
    return [
        Finding(
            subject="memory",
            level=Level.WARNING if is_low else Level.OK,
            found=f"{free} MiB are free",
            remedy="stop VMs that are not needed: vmnb list, vmnb stop NAME" if is_low else "",
            facts={"free_mib": free},
        )
    ]
