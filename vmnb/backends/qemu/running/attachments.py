"""The holds of one process on running VMs: one for each, made when first needed."""

import asyncio
from functools import partial

from vmnb.backends.qemu.files import Sockets, WorkFiles
from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.backends.qemu.running.journal import Journal
from vmnb.backends.qemu.running.rest import known_process
from vmnb.core.errors import LinkLostError
from vmnb.core.handle import VmHandle
from vmnb.core.process import Found, find_process
from vmnb.core.threads import in_thread

__all__ = ["Attachments"]


class Attachments:
    """The holds by VM, on one event loop; one whose QEMU has ended is never given out."""

    def __init__(self) -> None:
        self._held: dict[str, Attachment] = {}
        self._lock = asyncio.Lock()

    async def find(self, handle: VmHandle) -> Attachment | None:
        """Return the hold on the VM's QEMU, whoever started it; None where none lives."""
        async with self._lock:
            held = self._held.get(handle.id)
            if held is not None and not held.process.ended:
                return held
            await self.release(handle)
            sockets = Sockets.of_handle(handle)
            found = await in_thread(
                partial(find_process, sockets.pidfile, known_process(handle)), _let_go
            )
            if found is None:
                return None
            journal = Journal(WorkFiles.of_handle(handle).journal)
            self._held[handle.id] = Attachment(handle.name, found, sockets, journal)
            return self._held[handle.id]

    async def require(self, handle: VmHandle) -> Attachment:
        """Return the hold on a VM that was just seen alive.

        Raises
        ------
        LinkLostError
            It ended since.
        """
        attachment = await self.find(handle)
        if attachment is None:
            raise LinkLostError(f"QEMU of {handle.name!r} ended just now", hint="look at its state")
        return attachment

    async def keep(self, handle: VmHandle, attachment: Attachment) -> None:
        """Keep the hold on a QEMU just started, unless another call here found it meanwhile."""
        async with self._lock:
            held = self._held.get(handle.id)
            if held is None or held.process.ended:
                self._held[handle.id] = attachment
            else:
                await attachment.aclose()

    async def release(self, handle: VmHandle) -> None:
        """Let go of the VM, which goes on if it runs."""
        attachment = self._held.pop(handle.id, None)
        if attachment is not None:
            await attachment.aclose()

    async def aclose(self) -> None:
        """Let go of every VM; those that run go on running."""
        held, self._held = self._held, {}
        for attachment in held.values():
            await attachment.aclose()


def _let_go(found: Found | None) -> None:
    if found is not None:
        found.close()
