"""What every part of the hypervisor needs: its holds on VMs, turns to act on them, and QEMU."""

import asyncio
import os
from collections.abc import Callable
from weakref import WeakValueDictionary

from vmnb.backends.qemu.instants.keeping import Kept
from vmnb.backends.qemu.instants.save import save_guest
from vmnb.backends.qemu.instants.saved import SavedGuest
from vmnb.backends.qemu.launch import launch
from vmnb.backends.qemu.program.accelerator import find_accelerator
from vmnb.backends.qemu.program.binary import Qemu, find_qemu
from vmnb.backends.qemu.program.probe_cache import ProbeCache
from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.backends.qemu.running.attachments import Attachments
from vmnb.backends.qemu.running.rest import resting_state, told_state
from vmnb.backends.qemu.running.run_state import from_run_state
from vmnb.core.errors import BackendError, BusyError, LimitError, LinkLostError, StateError
from vmnb.core.finish import finish
from vmnb.core.handle import VmHandle
from vmnb.core.host_memory import free_mib
from vmnb.core.state import VmState
from vmnb.core.threads import in_thread
from vmnb.guest.agent import GuestAgent

__all__ = ["Holding"]

_END_TIMEOUT_S = 5.0


class Holding:
    """The holds of one hypervisor, on one event loop."""

    def __init__(self) -> None:
        self._probes = ProbeCache()
        self._attachments = Attachments()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def state(self, handle: VmHandle) -> VmState:
        """Ask where it is: its process, QMP if that lives, else its journal.

        Where others keep both monitors, the journal tells what QEMU said of itself last.

        Raises
        ------
        DeadlineError, LinkLostError
            It runs, but QMP cannot be asked; nothing is guessed.
        """
        attachment = await self._attachments.find(handle)
        if attachment is not None:
            try:
                status = await attachment.execute("query-status")
                state = from_run_state(status["status"])
                if state is not VmState.STOPPED or not await attachment.process.wait(
                    _END_TIMEOUT_S
                ):
                    return state
            except BusyError:
                return await asyncio.to_thread(told_state, handle)
            except LinkLostError:
                if not await attachment.process.wait(_END_TIMEOUT_S):
                    raise
        return await asyncio.to_thread(resting_state, handle)

    async def aclose(self) -> None:
        """Let go of every VM; those that run go on running."""
        await self._attachments.aclose()
        await GuestAgent.close_all()

    def _turn(self, handle: VmHandle) -> asyncio.Lock:
        """Return the lock that lets one action at a time change the VM from here."""
        return self._turns.setdefault(handle.id, asyncio.Lock())

    async def _qemu(self) -> Qemu:
        return await find_qemu(self._probes)

    async def _launch(self, handle: VmHandle, saved: SavedGuest | None = None) -> VmHandle:
        """Start QEMU, after what may be left of an earlier one, and keep the hold on it.

        Raises
        ------
        LimitError
            There is less memory now than its guest may come to use.
        BackendError
            See :func:`~vmnb.backends.qemu.launch.launch`.
        """
        left_over = await self._attachments.find(handle)
        if left_over is not None:
            await left_over.end(kill=False)
        await asyncio.to_thread(_require_memory, handle)
        qemu = await self._qemu()
        accelerator = await find_accelerator(qemu, self._probes)
        started, attachment = await launch(handle, qemu, accelerator, saved)
        await self._attachments.keep(handle, attachment)
        return started

    async def _save(self, handle: VmHandle, attachment: Attachment, memory: int) -> SavedGuest:
        """Save a VM that is live, its memory to the file behind the descriptor `memory`."""
        qemu = await self._qemu()
        accelerator = await find_accelerator(qemu, self._probes)
        return await save_guest(handle, attachment, qemu, accelerator, memory)

    async def _keep(
        self,
        handle: VmHandle,
        attachment: Attachment,
        kept: Kept,
        what: str,
        complete: Callable[[SavedGuest], None],
    ) -> None:
        """Save a VM that is live on the disk, or leave nothing of the try.

        Parameters
        ----------
        what
            What that is for people, such as ``"a checkpoint"``.
        complete
            Called in a thread with what was saved, to :meth:`~Kept.finish` it.

        Raises
        ------
        BackendError
            The disk is full; the guest goes on.
        """
        try:
            memory = await in_thread(kept.begin, os.close)
            try:
                saved = await self._save(handle, attachment, memory)
                await finish(asyncio.to_thread(complete, saved))
            finally:
                os.close(memory)
        except BaseException as error:
            await finish(asyncio.to_thread(kept.give_up))
            if isinstance(error, OSError):
                raise BackendError(
                    f"cannot write {what} of {handle.name!r}: {error.strerror}; the guest goes on",
                    hint="free some space, or remove a checkpoint or a template",
                ) from error
            raise

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


def _require_memory(handle: VmHandle) -> None:
    free = free_mib()
    if free is not None and free < handle.memory_mib:
        raise LimitError(
            f"cannot start {handle.name!r}: its guest may use {handle.memory_mib:,} MiB, and "
            f"{free:,} MiB are free here",
            hint="stop a VM that you do not need, or end another program; or make this VM with "
            "less memory",
        )
