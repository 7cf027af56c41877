"""Saving a guest that runs: it stands still for a moment, and goes on."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from vmnb.backends.qemu.argv import DISK, layer_node
from vmnb.backends.qemu.disk.layers import new_layer, put_on_top
from vmnb.backends.qemu.disk.sparse import copy_sparse
from vmnb.backends.qemu.files import Sockets, WorkFiles, listening
from vmnb.backends.qemu.instants.half_done import noted
from vmnb.backends.qemu.instants.memory import memory_of, new_memory, open_memory
from vmnb.backends.qemu.instants.migration import send
from vmnb.backends.qemu.instants.personal import cards
from vmnb.backends.qemu.instants.saved import SavedGuest
from vmnb.backends.qemu.instants.twin import twin
from vmnb.backends.qemu.program.accelerator import Accelerator
from vmnb.backends.qemu.program.binary import Qemu
from vmnb.backends.qemu.program.qemu_img import create_layer
from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.core.errors import BackendError, StateError
from vmnb.core.finish import finish
from vmnb.core.handle import VmHandle
from vmnb.core.threads import in_thread

__all__ = ["save_guest"]

_PIECE = 1 << 16
_STANDS_STILL_FOR_GOOD = "postmigrate"


async def save_guest(
    handle: VmHandle, attachment: Attachment, qemu: Qemu, accelerator: Accelerator, memory: int
) -> SavedGuest:
    """Save the guest as it is now; afterwards it is as it was, on one more layer of its disk.

    Parameters
    ----------
    memory
        Descriptor of the file that its memory is written to.

    Raises
    ------
    StateError
        It was started by an earlier version, of which nothing can be saved.
    BackendError
        The disk is full, or QEMU cannot save it; the guest goes on.
    """
    files = WorkFiles.of_handle(handle)
    if "shape" not in handle.extra or not files.overlay.is_symlink():
        raise StateError(
            f"{handle.name!r} was started by an earlier vmnb, and cannot be saved as it runs",
            hint="make it anew: its disk was made for no more than one layer",
        )
    # As QEMU has it, and not the link: a process that was killed may have moved that alone.
    frozen = files.directory / f"{await _node(attachment)}.qcow2"
    top = new_layer(files.directory)
    await in_thread(lambda: create_layer(top, qemu, frozen), undo=lambda _: top.unlink())
    async with _standing_still(handle, attachment):
        await asyncio.to_thread(put_on_top, top, files.overlay)
        await _lay_over(frozen, top, attachment)
        source = await asyncio.to_thread(memory_of, attachment.process.identity.pid)
        if source is not None:
            state = await _state(handle, attachment)
            await asyncio.to_thread(_copy, source, memory)
        else:
            # Not the file itself: QEMU that writes into a mapping on a full disk is killed.
            passing = new_memory(handle.memory_mib)
            try:
                async with twin(handle, attachment, qemu, accelerator, frozen, passing) as moved:
                    state = await _state(*moved)
                await asyncio.to_thread(copy_sparse, passing, memory)
            finally:
                os.close(passing)
    return SavedGuest(
        shape=handle.extra["shape"],
        memory=memory,
        state=state,
        layer=frozen,
        cards=cards(handle),
    )


@asynccontextmanager
async def _standing_still(handle: VmHandle, attachment: Attachment) -> AsyncIterator[None]:
    """Let the guest stand still while the body runs, and go on if it ran."""
    status = (await attachment.execute("query-status"))["status"]
    if status == _STANDS_STILL_FOR_GOOD:  # it was saved before, and QEMU saves it once only
        await attachment.execute("cont")
    async with noted(handle, stands_still=status == "running"):
        if status != "paused":
            await attachment.execute("stop")
        try:
            yield
        finally:
            if status == "running":
                await finish(attachment.execute("cont"))


async def _node(attachment: Attachment) -> str:
    """Return the node that the disk's device writes to; it is named as the layer's file."""
    for block in await attachment.execute("query-block"):
        if DISK in block.get("qdev", "").split("/"):
            return str(block["inserted"]["node-name"])
    raise BackendError("QEMU knows of no disk", hint="stop the VM, and start it again")


async def _lay_over(frozen: Path, top: Path, attachment: Attachment) -> None:
    """Let the guest write to the layer `top` from now on, and no more to `frozen`."""
    await attachment.execute("blockdev-add", **layer_node(top), backing=None)
    await attachment.execute("blockdev-snapshot", node=frozen.stem, overlay=top.stem)


async def _state(handle: VmHandle, attachment: Attachment) -> bytes:
    """Return what the guest's devices know, which stands still."""
    path = Sockets.of_handle(handle).migration
    await asyncio.to_thread(path.unlink, missing_ok=True)
    with listening(path) as listener:
        listener.setblocking(False)
        async with asyncio.TaskGroup() as tasks:
            received = tasks.create_task(_received(listener))
            await send(attachment, path)
    await asyncio.to_thread(path.unlink)
    return received.result()


async def _received(listener: socket.socket) -> bytes:
    """Return all that the one who connects sends."""
    loop = asyncio.get_running_loop()
    connection, _ = await loop.sock_accept(listener)
    with connection:
        received = bytearray()
        while part := await loop.sock_recv(connection, _PIECE):
            received += part
    return bytes(received)


def _copy(path: Path, target: int) -> None:
    source = open_memory(path)
    try:
        copy_sparse(source, target)
    finally:
        os.close(source)
