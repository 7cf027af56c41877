"""What every part of the hypervisor needs: its holds on VMs, turns to act on them, and QEMU."""

import asyncio
from weakref import WeakValueDictionary

from vmnb.backends.qemu.accelerator import find_accelerator
from vmnb.backends.qemu.attachment import Attachment
from vmnb.backends.qemu.attachments import Attachments
from vmnb.backends.qemu.binary import Qemu, find_qemu
from vmnb.backends.qemu.launch import launch
from vmnb.backends.qemu.probe_cache import ProbeCache
from vmnb.backends.qemu.save import save_guest
from vmnb.backends.qemu.saved import SavedGuest
from vmnb.core.errors import StateError
from vmnb.core.handle import VmHandle

__all__ = ["Holding"]


class Holding:
    """The holds of one hypervisor, on one event loop."""

    def __init__(self) -> None:
        self._probes = ProbeCache()
        self._attachments = Attachments()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def aclose(self) -> None:
        """Let go of every VM; those that run go on running."""
        await self._attachments.aclose()

    def _turn(self, handle: VmHandle) -> asyncio.Lock:
        """Return the lock that lets one action at a time change the VM from here."""
        return self._turns.setdefault(handle.id, asyncio.Lock())

    async def _qemu(self) -> Qemu:
        return await find_qemu(self._probes)

    async def _launch(self, handle: VmHandle, saved: SavedGuest | None = None) -> VmHandle:
        """Start QEMU, after what may be left of an earlier one, and keep the hold on it."""
        left_over = await self._attachments.find(handle)
        if left_over is not None:
            await left_over.end(kill=False)
        qemu = await self._qemu()
        accelerator = await find_accelerator(qemu, self._probes)
        started, attachment = await launch(handle, qemu, accelerator, saved)
        await self._attachments.keep(handle, attachment)
        return started

    async def _save(self, handle: VmHandle, memory: int) -> SavedGuest:
        """Save a VM that is live, its memory to the file behind the descriptor `memory`."""
        attachment = await self._live(handle)
        qemu = await self._qemu()
        accelerator = await find_accelerator(qemu, self._probes)
        return await save_guest(handle, attachment, qemu, accelerator, memory)

    async def _live(self, handle: VmHandle) -> Attachment:
        """Return the hold on a VM that is live.

        Raises
        ------
        StateError
            It is not.
        """
        attachment = await self._attachments.find(handle)
        if attachment is None:
            raise StateError(
                f"{handle.name!r} has no memory to be saved: it does not run", hint="start it first"
            )
        return attachment
