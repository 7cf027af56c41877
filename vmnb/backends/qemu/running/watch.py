"""Following a VM: what its journal tells, as soon as it tells it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import UTC, datetime

from vmnb.backends.qemu.files import WorkFiles
from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.backends.qemu.running.events import RunStory
from vmnb.backends.qemu.running.journal import Journal, RunReader
from vmnb.backends.qemu.running.process import last_lines
from vmnb.backends.qemu.running.rest import known_process
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import VmEvent
from vmnb.core.state import Cause, VmState

__all__ = ["follow"]


async def follow(handle: VmHandle, attachment: Attachment | None) -> AsyncGenerator[VmEvent, None]:
    """Yield the events of the VM's present run, or of its last; at last the one that ended it.

    All comes from the journal, so every process tells the same, and no monitor is needed.
    """
    files = WorkFiles.of_handle(handle)
    run = await asyncio.to_thread(Journal(files.journal).last_run)
    if run is None:
        return
    story = RunStory()
    if attachment is not None:
        async with aclosing(_live(run, story, attachment)) as events:
            async for event in events:
                yield event
    for event in await _new(run, story):
        yield event
    yield await asyncio.to_thread(_end, handle, files, story)


async def _live(
    run: RunReader, story: RunStory, attachment: Attachment
) -> AsyncGenerator[VmEvent, None]:
    with attachment.news() as news:
        while not attachment.process.ended:
            for event in await _new(run, story):
                yield event
            await news.wait()
            news.clear()


async def _new(run: RunReader, story: RunStory) -> list[VmEvent]:
    """Return what is new; the end itself is left to be told when QEMU is gone."""
    told = [story.take(line) for line in await asyncio.to_thread(run.read)]
    return [event for event in told if event is not None and event is not story.ending]


def _end(handle: VmHandle, files: WorkFiles, story: RunStory) -> VmEvent:
    if files.directory.exists():
        return story.end(known_process(handle), last_lines(files.stderr))
    return VmEvent(
        key=f"destroy:{handle.id}",
        time=datetime.now(UTC),
        action="destroy",
        state=VmState.DESTROYED,
        cause=Cause.USER,
    )
