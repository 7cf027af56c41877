"""What is known of a boot without a word from the guest."""

import os
import time
from datetime import timedelta

from vmnb.backends.qemu.files import WorkFiles
from vmnb.backends.qemu.running.events import RunStory
from vmnb.backends.qemu.running.journal import Journal
from vmnb.core.boot import BootMark, Milestone
from vmnb.core.handle import VmHandle
from vmnb.core.history import utc_now
from vmnb.core.process import boot_id

__all__ = ["read_boot_marks"]

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_MEANINGS = {"reboot": Milestone.RESET, "ready": Milestone.READY}


def read_boot_marks(handle: VmHandle) -> tuple[BootMark, ...]:
    """Return the marks of the VM's last run, oldest first."""
    run = Journal(WorkFiles.of_handle(handle).journal).last_run()
    story = RunStory()
    events = [event for line in (run.read() if run else ()) if (event := story.take(line))]
    told = [
        BootMark(milestone=_MEANINGS[event.action], time=event.time)
        for event in events
        if event.action in _MEANINGS
    ]
    return (*_spawned(handle), *told)


def _spawned(handle: VmHandle) -> list[BootMark]:
    """Return when its process began, which the kernel keeps in ticks since the host's boot."""
    if handle.pid_start is None or handle.boot_id != boot_id():
        return []
    age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - handle.pid_start / _TICKS_PER_S
    return [BootMark(milestone=Milestone.SPAWNED, time=utc_now() - timedelta(seconds=age_s))]
