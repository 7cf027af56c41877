"""What is left in the homes of VMs when all of them are destroyed: nothing, as it should be."""

import os
import signal
from contextlib import suppress
from pathlib import Path

from vmnb.core.paths import data_home, runtime_home

__all__ = ["kill", "left_behind", "qemus"]


def qemus() -> list[int]:
    """Return the PIDs of the QEMUs whose files are in these homes."""
    home = os.fsencode(data_home())
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (process / "cmdline").read_bytes()
            if (
                words.split(b"\0")[0].rpartition(b"/")[2].startswith(b"qemu-system")
                and home in words
            ):
                found.append(int(process.name))
    return found


def kill(pid: int) -> bool:
    """Kill the process of that number; False where it has just ended of itself."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return True
    return False


def left_behind() -> list[str]:
    """Return each process, file, socket, lock and directory of a VM."""
    home, runtime = data_home(), runtime_home()
    places = (home / "vms", home / "vmnb.locks", home / "vmnb.uses", runtime)
    files = [str(path) for place in places for path in place.glob("*")]
    return [*(f"process {pid}" for pid in qemus()), *files]
