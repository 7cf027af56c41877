"""What the files say of a VM that does not run, or that cannot be asked."""

from vmnb.backends.qemu.files import WorkFiles
from vmnb.backends.qemu.running.events import RunStory
from vmnb.backends.qemu.running.journal import Journal
from vmnb.backends.qemu.running.process import last_lines
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import VmEvent
from vmnb.core.process import ProcessId
from vmnb.core.state import VmState

__all__ = ["is_known", "known_process", "resting_state", "told_state"]


def resting_state(handle: VmHandle) -> VmState:
    """Return the state of a VM of which no process lives."""
    files = WorkFiles.of_handle(handle)
    if not files.directory.exists():
        unfinished = files.unfinished.directory.exists()
        return VmState.PREPARING if unfinished else VmState.DESTROYED
    end = _last_end(handle, files)
    return VmState.PREPARED if end is None else end.state


def told_state(handle: VmHandle) -> VmState:
    """Return the state of a VM that is live, as the events of its present run have it."""
    story = _last_story(WorkFiles.of_handle(handle))
    return VmState.PREPARING if story is None else story.state


def known_process(handle: VmHandle) -> ProcessId | None:
    """Return the process that `handle` was started as."""
    if handle.pid is None or handle.pid_start is None or handle.boot_id is None:
        return None
    return ProcessId(pid=handle.pid, start=handle.pid_start, boot=handle.boot_id)


def is_known(process: ProcessId, handle: VmHandle) -> bool:
    """Return whether `handle` was started as `process`, whatever its number is in a container."""
    return (process.start, process.boot) == (handle.pid_start, handle.boot_id)


def _last_end(handle: VmHandle, files: WorkFiles) -> VmEvent | None:
    """Return how its last run ended; None where it never ran."""
    story = _last_story(files)
    return None if story is None else story.end(known_process(handle), last_lines(files.stderr))


def _last_story(files: WorkFiles) -> RunStory | None:
    run = Journal(files.journal).last_run()
    if run is None:
        return None
    story = RunStory()
    for line in run.read():
        story.take(line)
    return story
