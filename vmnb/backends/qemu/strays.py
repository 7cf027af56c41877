"""What VMs have left behind that no store knows: files, processes, sockets. All is for threads."""

import asyncio
import os
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

from vmnb.backends.qemu.files import Sockets, WorkFiles
from vmnb.backends.qemu.instants.half_done import twins
from vmnb.backends.qemu.instants.waiting import is_wanted
from vmnb.backends.qemu.remains import remove_remains
from vmnb.core.errors import BackendError
from vmnb.core.handle_file import read_handle
from vmnb.core.hypervisor import BackendTag
from vmnb.core.paths import data_home, socket_homes
from vmnb.core.process import find_process, hold, identify
from vmnb.core.remnant import Kind, Remnant, disk_usage_bytes, is_at_rest

__all__ = ["stray_files", "stray_processes", "stray_sockets"]

_ID = re.compile(r"[0-9a-f]{32}")
_REASONS = {
    ".new-": "a VM that was never made to the end",
    ".gone-": "a VM that was never removed to the end",
}


def stray_files(known: Collection[str]) -> Iterator[Remnant]:
    """Yield the work directories of no VM in `known`; with one goes its QEMU, if that lives."""
    vms = data_home().absolute() / "vms"
    spared = {*known, *twins(vms)}
    for directory in sorted(vms.glob("*")):
        prefix = next((each for each in _REASONS if directory.name.startswith(each)), "")
        vm_id = directory.name.removeprefix(prefix)
        if vm_id in spared or not is_at_rest(directory) or is_wanted(directory, known):
            continue
        if not _is_ours(directory, vm_id, prefix):
            continue
        yield Remnant(
            kind=Kind.VM,
            what=str(directory),
            size_bytes=disk_usage_bytes(directory),
            why=_REASONS.get(prefix, "a VM that is not in the store"),
            remove=partial(asyncio.to_thread, remove_remains, vm_id),
        )


def stray_processes(known: Collection[str]) -> Iterator[Remnant]:
    """Yield each QEMU of this data home whose VM's files are gone, and which is not in `known`."""
    home = data_home().absolute() / "vms"
    spared = {*known, *twins(home)}
    for process in Path("/proc").glob("[0-9]*"):
        vm_id = _vm_of(process, home)
        if vm_id is None or vm_id in spared or WorkFiles.of(vm_id).directory.exists():
            continue
        with suppress(FileNotFoundError):  # it ended just now
            known_as = identify(int(process.name))
            yield Remnant(
                kind=Kind.PROCESS,
                what=f"QEMU, process {process.name}",
                size_bytes=0,
                why=f"the files of its VM {vm_id} are gone",
                remove=partial(asyncio.to_thread, _end, known_as.pid, vm_id, home),
            )


def stray_sockets(known: Collection[str]) -> Iterator[Remnant]:
    """Yield the socket directories in which no QEMU is, and that are of no VM in `known`."""
    for home in dict.fromkeys(socket_homes()):
        for directory in sorted(home.glob("*")):
            if not _ID.fullmatch(directory.name) or directory.name in known:
                continue
            if is_at_rest(directory) and not _is_in_use(directory):
                yield Remnant(
                    kind=Kind.SOCKETS,
                    what=str(directory),
                    size_bytes=disk_usage_bytes(directory),
                    why="no QEMU is there any more",
                    remove=partial(asyncio.to_thread, Sockets(directory).remove),
                )


def _is_ours(directory: Path, vm_id: str, prefix: str) -> bool:
    """Return whether it is a work directory of this backend."""
    if not _ID.fullmatch(vm_id):
        return False
    handle = read_handle(directory)
    if handle is not None:
        return handle.backend == BackendTag.QEMU
    return bool(prefix) or (directory / "disk.qcow2").is_symlink()


def _vm_of(process: Path, home: Path) -> str | None:
    """Return the id of the VM below `home` of which a process is the QEMU; None for any other."""
    with suppress(OSError):
        if process.stat().st_uid != os.getuid():
            return None
        words = (process / "cmdline").read_bytes().split(b"\0")
        if b"-uuid" not in words or not Path(os.fsdecode(words[0])).name.startswith("qemu-system"):
            return None
        vm_id = os.fsdecode(words[words.index(b"-uuid") + 1]).replace("-", "")
        below_home = os.fsencode(home / vm_id) + b"/"
        return vm_id if any(below_home in word for word in words) else None
    return None


def _end(pid: int, vm_id: str, home: Path) -> None:
    found = hold(pid, lambda: _vm_of(Path("/proc") / str(pid), home) == vm_id)
    if found is not None:
        found.end()
    remove_remains(vm_id)


def _is_in_use(directory: Path) -> bool:
    try:
        found = find_process(Sockets(directory).pidfile, None)
    except BackendError:  # it runs, in another container
        return True
    if found is not None:
        found.close()
    return found is not None
