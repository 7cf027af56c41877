"""What is left of a VM that no handle is kept of: found by its id alone."""

from vmnb.backends.qemu.files import Sockets, WorkFiles, remove_work_directory
from vmnb.backends.qemu.usage.cgroup import remove_group
from vmnb.core.process import find_process

__all__ = ["remove_remains"]


def remove_remains(vm_id: str) -> None:
    """End its QEMU, whoever started it, and remove all its files."""
    sockets = Sockets.of(vm_id)
    found = find_process(sockets.pidfile, None)
    if found is not None:
        found.end()
    sockets.remove()
    remove_group(vm_id)
    remove_work_directory(WorkFiles.of(vm_id))
