"""How much memory this machine has for guests."""

from pathlib import Path

from vmnb.diagnosis.finding import Finding, Level

__all__ = ["look_at_memory"]

_MEMORY = Path("/proc/meminfo")
_LOW_MIB = 512
"""A tiny guest, which has 256 MiB, and QEMU beside it."""


def look_at_memory() -> list[Finding]:
    """Return how much is free; nothing where the system does not say it as Linux does."""
    if not _MEMORY.exists():
        return []
    lines = dict(line.split(":") for line in _MEMORY.read_text().splitlines())
    total_mib, free_mib = (int(lines[key].split()[0]) // 1024 for key in _KEYS)
    is_low = free_mib < _LOW_MIB
    return [
        Finding(
            subject="memory",
            level=Level.WARNING if is_low else Level.OK,
            found=f"{free_mib} of {total_mib} MiB are free",
            remedy="stop VMs that are not needed: vmnb list, vmnb stop NAME" if is_low else "",
            facts={"total_mib": total_mib, "free_mib": free_mib},
        )
    ]


_KEYS = ("MemTotal", "MemAvailable")
