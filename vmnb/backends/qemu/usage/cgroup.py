"""A cgroup for each VM, below one that was delegated to this user, where that is configured.

Version 2 alone (https://docs.kernel.org/admin-guide/cgroup-v2.html). The group above must be one
that holds no process itself, as systemd makes it with ``Delegate=yes`` and a subgroup for the rest.
"""

from contextlib import suppress
from pathlib import Path

from vmnb.core.config import read_config
from vmnb.core.errors import BackendError
from vmnb.core.handle import VmHandle

__all__ = ["confine", "remove_group"]

_OVERHEAD_MIB = 512
"""What QEMU itself may take, with the translated code of an emulated guest."""

_PERIOD_US = 100_000


def confine(handle: VmHandle, pid: int) -> None:
    """Let QEMU have its guest's memory and processors, and no more, where that is configured.

    Raises
    ------
    BackendError
        The group cannot be made, or has no such limits.
    """
    above = read_config().cgroup
    if above is None:
        return
    group = _group(above, handle.id)
    try:
        (above / "cgroup.subtree_control").write_text("+memory +cpu")
        group.mkdir(exist_ok=True)
        memory_bytes = (handle.memory_mib + _OVERHEAD_MIB) * 1024 * 1024
        (group / "memory.max").write_text(str(memory_bytes))
        (group / "cpu.max").write_text(f"{handle.vcpus * _PERIOD_US} {_PERIOD_US}")
        (group / "cgroup.procs").write_text(str(pid))
    except OSError as error:
        raise BackendError(
            f"cannot limit {handle.name!r} by a cgroup below {above}: {error.strerror}",
            hint="that one must be of version 2, writable for you, without processes of its own, "
            "and have the controllers memory and cpu; or take [cgroup] out of vmnb's config.toml",
        ) from error


def remove_group(vm_id: str) -> None:
    """Remove the group of a VM whose QEMU has ended, if there is one."""
    above = read_config().cgroup
    if above is not None:
        with suppress(OSError):  # an empty group that stays does no harm
            _group(above, vm_id).rmdir()


def _group(above: Path, vm_id: str) -> Path:
    return above / f"vmnb-{vm_id}"
