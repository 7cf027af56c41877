"""Whether this machine's QEMU makes the hardware that VMs were made with."""

import re

from vmnb.backends.qemu.program.binary import Qemu
from vmnb.core.errors import VmnbError
from vmnb.core.handle import VmHandle
from vmnb.diagnosis.finding import Finding, Level
from vmnb.diagnosis.handles import known_handles

__all__ = ["look_at_hardware"]

_SUBJECT = "hardware of VMs"


def look_at_hardware(qemu: Qemu) -> Finding:
    """Return which VMs a newer QEMU has made; this one does not start them."""
    try:
        handles = known_handles()
    except VmnbError as error:
        return Finding(subject=_SUBJECT, level=Level.BAD, found=error.message, remedy=error.hint)
    newer = {handle.name: machine for handle in handles if (machine := _newer(handle, qemu))}
    facts = {"vms": len(handles), "newer": len(newer)}
    if not newer:
        return Finding(subject=_SUBJECT, level=Level.OK, found="none is too new", facts=facts)
    which = ", ".join(f"{name!r} ({machine})" for name, machine in newer.items())
    return Finding(
        subject=_SUBJECT,
        level=Level.WARNING,
        found=f"QEMU {qemu.version} does not start what a newer one has made: {which}",
        remedy=f"install a QEMU as new, or make it anew: vmnb destroy '{next(iter(newer))}'",
        facts=facts,
    )


def _newer(handle: VmHandle, qemu: Qemu) -> str:
    """Return the VM's machine where this QEMU is too old for it; else nothing."""
    machine = handle.extra.get("machine", "")
    return machine if _version(machine) > _version(qemu.machine) else ""


def _version(machine: str) -> tuple[int, ...]:
    """Return the version at the end of a name such as ``pc-q35-7.2``."""
    numbers = re.search(r"(\d+)\.(\d+)$", machine)
    return tuple(map(int, numbers.groups())) if numbers else ()
