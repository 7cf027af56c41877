"""Guests that wait: a VM that begins from a template takes one, which has only to wake up."""

import asyncio
import logging
from dataclasses import dataclass, replace
from uuid import uuid4

from vmnb.backends.qemu.disk.layers import put_on_top
from vmnb.backends.qemu.files import WorkFiles
from vmnb.backends.qemu.instants.half_done import noted
from vmnb.backends.qemu.instants.personal import cards, warm_up
from vmnb.backends.qemu.instants.restoring import (
    Restoring,
    ask_for_prompt,
    automatic,
    is_alone,
    remark_origin,
)
from vmnb.backends.qemu.instants.waiting import forget_taker, give_away, own, remove_taken, sweep
from vmnb.backends.qemu.prepare import prepare
from vmnb.backends.qemu.program.binary import Qemu
from vmnb.backends.qemu.program.firmware import Firmware, find_firmware, firmware_folders
from vmnb.backends.qemu.remains import remove_remains
from vmnb.backends.qemu.running.journal import Journal
from vmnb.core.errors import TemplateError, VmnbError
from vmnb.core.finish import finish
from vmnb.core.handle import VmHandle
from vmnb.core.names import host_name
from vmnb.core.spec import VmSpec
from vmnb.core.state import LIVE, VmState
from vmnb.core.template import RESTORED_FROM
from vmnb.images import BootImage, resolve

__all__ = ["Pooling"]

_log = logging.getLogger(__name__)

_WAITS_ON = "waits_on"
"""In the extra facts of a handle: the disk's newest layer from before its guest began to wait."""

_WAITS_AS = "waits_as"
"""And there, too: the host name that the guest has while it waits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    """What a VM that waits can become: any of that spec, but for its name."""

    spec: VmSpec
    image_digest: str
    qemu_key: str

    @classmethod
    def of(cls, spec: VmSpec, image_digest: str, qemu: Qemu) -> "_Kind":
        """Return the kind of a VM."""
        return cls(spec=replace(spec, name="waiting"), image_digest=image_digest, qemu_key=qemu.key)


class Pooling(Restoring):
    """See :meth:`vmnb.core.template.Templating.pool`; all that wait are of the kind that was last.

    Each has begun from the template already, is a machine of its own, and stands still. A VM takes
    one when it is prepared: it has the work directory, and thereby the id, of that.
    """

    def __init__(self) -> None:
        super().__init__()
        self._size = 0
        self._last: VmHandle | None = None
        self._waiting: list[tuple[_Kind, VmHandle]] = []
        self._filling: asyncio.Task[None] | None = None

    async def pool(self, size: int) -> None:
        """Let `size` guests wait from now on, once it is known for what."""
        self._size = size
        await finish(asyncio.to_thread(sweep))
        self._fill()
        if self._filling is not None:
            await asyncio.wait({self._filling})
        while len(self._waiting) > size:
            await self._remove(self._waiting.pop()[1])

    async def aclose(self) -> None:
        """End those that wait, and let go of every VM; those that run go on running."""
        self._size = 0
        if self._filling is not None:
            self._filling.cancel()
            await asyncio.wait({self._filling})
        while self._waiting:
            await self._remove(self._waiting.pop()[1])
        await super().aclose()

    async def _adopted(
        self, claim: str, spec: VmSpec, image: BootImage, qemu: Qemu
    ) -> VmHandle | None:
        """Return a VM of that `spec` whose guest waits; None where none of the kind does."""
        kind = _Kind.of(spec, image.digest, qemu)
        for index, (each, handle) in enumerate(self._waiting):
            if each == kind:
                del self._waiting[index]
                await asyncio.to_thread(give_away, WorkFiles.of_handle(handle), claim)
                return replace(handle, spec=spec)
        return None

    async def abandon(self, claim: str) -> None:
        """Remove what was made for the claim, or was taken for it."""
        await asyncio.to_thread(remove_remains, claim)
        await asyncio.to_thread(remove_taken, claim)

    async def state(self, handle: VmHandle) -> VmState:
        """Ask where it is; one whose guest waits is ``prepared``, until somebody has woken that."""
        state = await super().state(handle)
        if state in LIVE and await asyncio.to_thread(_waits, handle):
            return VmState.PREPARED
        return state

    async def _start(self, handle: VmHandle) -> VmHandle:
        if not await asyncio.to_thread(_waits, handle):
            return await super()._start(handle.without_extra(_WAITS_ON, _WAITS_AS))
        try:
            started = await self._woken(handle)
        except BaseException as error:
            await finish(self._withdraw(handle))
            if not isinstance(error, VmnbError | OSError):
                raise
            _log.info("%r does not go on as the guest that waits: %s", handle.name, error)
            return await super()._start(_not_waiting(handle))
        self._began(started)
        return started

    def _began(self, handle: VmHandle) -> None:
        """Let the next ones wait for VMs like this one, unless they would want its very ports."""
        if is_alone(handle.network):
            self._last = handle
            self._fill()

    async def _woken(self, handle: VmHandle) -> VmHandle:
        """Let the guest that waits go on, with the time of now and its own name."""
        attachment = await self._attachments.require(handle)
        before = handle.extra[_WAITS_ON]
        async with noted(handle, is_nameless=True, layer=before):
            await attachment.execute("cont")
            # It is a machine of its own already, but for the time and the name.
            name = handle.extra[_WAITS_AS]
            await self._become(handle, cards(handle), instead_of=name, reseeds=False)
        await asyncio.to_thread(_forget_waiting, WorkFiles.of_handle(handle), before)
        started = handle.without_extra(_WAITS_ON, _WAITS_AS)
        await asyncio.to_thread(ask_for_prompt, started)
        remark_origin(started)
        return started

    async def _withdraw(self, handle: VmHandle) -> None:
        """End the guest that waits, and give the VM the disk that it would have without."""
        attachment = await self._attachments.find(handle)
        if attachment is not None:
            await attachment.end(kill=True)
        files = WorkFiles.of_handle(handle)
        before = files.directory / handle.extra[_WAITS_ON]
        await asyncio.to_thread(put_on_top, before, files.overlay)

    def _fill(self) -> None:
        if self._size and (self._filling is None or self._filling.done()):
            self._filling = asyncio.create_task(self._let_wait(), name="pool")

    async def _let_wait(self) -> None:
        """Start guests, one after the other, until enough wait for VMs like the last."""
        try:
            while self._last is not None and len(self._waiting) < self._size:
                qemu = await self._qemu()
                kind = _Kind.of(self._last.spec, self._last.extra["image_digest"], qemu)
                await self._remove_others(kind)
                self._waiting.append((kind, await self._one_more(self._last, qemu)))
        except (VmnbError, OSError) as error:
            # Nobody asks this task how it went: the log is where it is told.
            _log.warning("no more guests wait: %s", error)

    async def _remove_others(self, kind: _Kind) -> None:
        others = [handle for each, handle in self._waiting if each != kind]
        self._waiting = [pair for pair in self._waiting if pair[0] == kind]
        for handle in others:
            await self._remove(handle)

    async def _one_more(self, last: VmHandle, qemu: Qemu) -> VmHandle:
        """Make a VM like `last`, and let its guest wait."""
        handle = await self._nameless(last, qemu)
        files = WorkFiles.of_handle(handle)
        try:
            await asyncio.to_thread(own, files)
            kept = await asyncio.to_thread(automatic, handle, await self._key(handle))
            if kept is None:
                raise TemplateError("there is no template any more", hint="start another VM")
            before = await asyncio.to_thread(files.overlay.resolve)
            started, _ = await self._laid_over(handle, kept)
            await warm_up(started)
            attachment = await self._attachments.require(started)
            await attachment.execute("stop")
            # What happened until now is no part of the life of the VM that it will be.
            await asyncio.to_thread(Journal(files.journal).forget_after, 0)
        except BaseException:
            await finish(self._remove(handle))
            raise
        return started.with_extra({_WAITS_ON: before.name, _WAITS_AS: host_name(handle.name)})

    async def _nameless(self, last: VmHandle, qemu: Qemu) -> VmHandle:
        """Prepare a VM of the spec of `last`, with a name of its own."""
        spec = replace(last.spec, name=f"waiting {uuid4().hex[:8]}")
        image = await resolve(spec.image)
        firmware = await self._firmware(spec, qemu)
        return await prepare(uuid4().hex, spec, qemu, image, firmware)

    async def _firmware(self, spec: VmSpec, qemu: Qemu) -> Firmware | None:
        """Return the firmware of a VM that boots by UEFI.

        Raises
        ------
        BackendError
            There is none.
        """
        if not spec.uefi:
            return None
        return await asyncio.to_thread(find_firmware, qemu.machine, firmware_folders())

    async def _remove(self, handle: VmHandle) -> None:
        """Leave nothing of a VM that nobody has had."""
        await self._attachments.release(handle)
        await asyncio.to_thread(remove_remains, handle.id)


def _waits(handle: VmHandle) -> bool:
    """Return whether its guest has not been woken yet, whatever the process did that tried."""
    before = handle.extra.get(_WAITS_ON)
    return before is not None and (WorkFiles.of_handle(handle).directory / before).exists()


def _not_waiting(handle: VmHandle) -> VmHandle:
    """Return the handle of a VM that waits as if it had only been prepared."""
    seed = WorkFiles.of_handle(handle).seed_iso if handle.seed_iso else None
    bare = replace(handle, pid=None, pid_start=None, boot_id=None, seed_iso=seed)
    return bare.without_extra(_WAITS_ON, _WAITS_AS, RESTORED_FROM, "shape")


def _forget_waiting(files: WorkFiles, before: str) -> None:
    """Remove what is of no use to a guest that lives."""
    forget_taker(files)
    (files.directory / before).unlink()
