"""The hypervisor of hypervisors: each call goes to the backend that the handle names."""

import sys
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AbstractAsyncContextManager

from vmnb.core.boot import BootMark, BootMarking
from vmnb.core.checkpoint import Checkpoint, Checkpointing
from vmnb.core.errors import CapabilityError
from vmnb.core.forking import Forking, Frozen
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import (
    STOP_TIMEOUT_S,
    BackendTag,
    Capability,
    Chord,
    ConsoleEndpoint,
    Displaying,
    Forwarding,
    Hypervisor,
    IpAddress,
    ManyConsoles,
    NoConsole,
    VmEvent,
    Watchable,
    require_capability,
)
from vmnb.core.metrics import Measuring, Sample
from vmnb.core.network import Forward
from vmnb.core.picture import Picture
from vmnb.core.recovering import Recovering
from vmnb.core.registry import make_hypervisor
from vmnb.core.spec import VmSpec
from vmnb.core.state import VmState
from vmnb.core.template import Template, Templating

__all__ = ["RouterHypervisor"]


class RouterHypervisor:
    """Itself a :class:`~vmnb.core.hypervisor.Hypervisor`, over any number of others.

    Parameters
    ----------
    backends
        Ready-made hypervisors. Any other is made from the registry when a handle first names it.
    preferred
        Tag of the backend that prepares new VMs. By default QEMU on Linux, Propolis on illumos,
        Noop elsewhere; with `backends` given, the first of them.
    """

    def __init__(
        self, backends: Iterable[Hypervisor] = (), *, preferred: str | None = None
    ) -> None:
        self._backends = {backend.tag: backend for backend in backends}
        self.tag: str = preferred or next(iter(self._backends), _platform_tag())

    def backend(self, tag: str) -> Hypervisor:
        """Return the hypervisor of `tag`.

        Raises
        ------
        BackendUnavailableError
            There is none.
        """
        if tag not in self._backends:
            self._backends[tag] = make_hypervisor(tag)
        return self._backends[tag]

    def add(self, backend: Hypervisor) -> str:
        """Let `backend` serve the handles of its tag from now on, and return that tag."""
        self._backends[backend.tag] = backend
        return backend.tag

    @property
    def opened(self) -> list[Hypervisor]:
        """The backends that were given or have been used."""
        return list(self._backends.values())

    def capabilities(self, handle: VmHandle | None = None) -> frozenset[Capability]:
        """Return what the backend of `handle` can do, or the preferred one."""
        return self._of(handle).capabilities(handle)

    async def prepare(self, spec: VmSpec) -> VmHandle:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.prepare`; the preferred backend does it."""
        return await self._of(None).prepare(spec)

    async def start(self, handle: VmHandle) -> VmHandle:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.start`."""
        return await self._of(handle).start(handle)

    async def stop(self, handle: VmHandle, timeout_s: float = STOP_TIMEOUT_S) -> VmHandle:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.stop`."""
        return await self._of(handle).stop(handle, timeout_s)

    async def suspend(self, handle: VmHandle) -> VmHandle:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.suspend`."""
        return await self._of(handle).suspend(handle)

    async def resume(self, handle: VmHandle) -> VmHandle:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.resume`."""
        return await self._of(handle).resume(handle)

    async def destroy(self, handle: VmHandle) -> None:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.destroy`."""
        await self._of(handle).destroy(handle)

    async def state(self, handle: VmHandle) -> VmState:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.state`."""
        return await self._of(handle).state(handle)

    async def guest_ip(self, handle: VmHandle) -> IpAddress:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.guest_ip`."""
        return await self._of(handle).guest_ip(handle)

    def console_endpoint(self, handle: VmHandle) -> ConsoleEndpoint:
        """See :meth:`~vmnb.core.hypervisor.Hypervisor.console_endpoint`."""
        return self._of(handle).console_endpoint(handle)

    def console_endpoints(self, handle: VmHandle) -> tuple[ConsoleEndpoint, ...]:
        """See :meth:`~vmnb.core.hypervisor.ManyConsoles.console_endpoints`; one for most."""
        backend = self._of(handle)
        if isinstance(backend, ManyConsoles):
            return backend.console_endpoints(handle)
        endpoint = backend.console_endpoint(handle)
        return () if isinstance(endpoint, NoConsole) else (endpoint,)

    def watch(self, handle: VmHandle) -> AsyncIterator[VmEvent]:
        """See :meth:`~vmnb.core.hypervisor.Watchable.watch`.

        Raises
        ------
        CapabilityError
            The backend tells no events.
        """
        backend = self._of(handle)
        if isinstance(backend, Watchable):
            return backend.watch(handle)
        raise CapabilityError(
            f"the {backend.tag} backend tells no events",
            hint="ask for the state instead",
        )

    async def forwards(self, handle: VmHandle) -> tuple[Forward, ...]:
        """See :meth:`~vmnb.core.hypervisor.Forwarding.forwards`."""
        return await self._forwarding(handle).forwards(handle)

    async def forward(self, handle: VmHandle, forward: Forward) -> Forward:
        """See :meth:`~vmnb.core.hypervisor.Forwarding.forward`."""
        return await self._forwarding(handle).forward(handle, forward)

    async def unforward(self, handle: VmHandle, forward: Forward) -> None:
        """See :meth:`~vmnb.core.hypervisor.Forwarding.unforward`."""
        await self._forwarding(handle).unforward(handle, forward)

    async def measure(self, handle: VmHandle) -> Sample:
        """See :meth:`~vmnb.core.metrics.Measuring.measure`."""
        backend = self._of(handle)
        require_capability(backend, Capability.METRICS, handle)
        assert isinstance(backend, Measuring)  # noqa: S101 - the capability says so
        return await backend.measure(handle)

    async def boot_marks(self, handle: VmHandle) -> tuple[BootMark, ...]:
        """See :meth:`~vmnb.core.boot.BootMarking.boot_marks`."""
        backend = self._of(handle)
        require_capability(backend, Capability.BOOT_MARKS, handle)
        assert isinstance(backend, BootMarking)  # noqa: S101 - the capability says so
        return await backend.boot_marks(handle)

    def _forwarding(self, handle: VmHandle) -> Forwarding:
        """Return the backend of `handle`; CapabilityError where it forwards no ports of it."""
        backend = self._of(handle)
        require_capability(backend, Capability.FORWARDS, handle)
        assert isinstance(backend, Forwarding)  # noqa: S101 - the capability says so
        return backend

    async def is_half_done(self, handle: VmHandle) -> bool:
        """See :meth:`~vmnb.core.recovering.Recovering.is_half_done`; never so for most."""
        backend = self._of(handle)
        return isinstance(backend, Recovering) and await backend.is_half_done(handle)

    async def recover(self, handle: VmHandle) -> None:
        """See :meth:`~vmnb.core.recovering.Recovering.recover`."""
        backend = self._of(handle)
        if isinstance(backend, Recovering):
            await backend.recover(handle)

    async def abandon(self, tag: str, claim: str) -> None:
        """See :meth:`~vmnb.core.recovering.Recovering.abandon`; most have nothing to remove."""
        backend = self.backend(tag)
        if isinstance(backend, Recovering):
            await backend.abandon(claim)

    def frozen(self, handle: VmHandle) -> AbstractAsyncContextManager[Frozen]:
        """See :meth:`~vmnb.core.forking.Forking.frozen`."""
        return self._forking(handle).frozen(handle)

    async def copy(self, handle: VmHandle, spec: VmSpec, frozen: Frozen) -> VmHandle:
        """See :meth:`~vmnb.core.forking.Forking.copy`."""
        return await self._forking(handle).copy(handle, spec, frozen)

    async def awaken(self, handle: VmHandle, frozen: Frozen) -> VmHandle:
        """See :meth:`~vmnb.core.forking.Forking.awaken`."""
        return await self._forking(handle).awaken(handle, frozen)

    def _forking(self, handle: VmHandle) -> Forking:
        """Return the backend of `handle`; CapabilityError where it makes no live copies of it."""
        backend = self._of(handle)
        require_capability(backend, Capability.FORK, handle)
        assert isinstance(backend, Forking)  # noqa: S101 - the capability says so
        return backend

    async def checkpoint(self, handle: VmHandle, name: str, thumbnail: str) -> Checkpoint:
        """See :meth:`~vmnb.core.checkpoint.Checkpointing.checkpoint`."""
        return await self._checkpointing(handle).checkpoint(handle, name, thumbnail)

    async def checkpoints(self, handle: VmHandle) -> tuple[Checkpoint, ...]:
        """See :meth:`~vmnb.core.checkpoint.Checkpointing.checkpoints`."""
        return await self._checkpointing(handle).checkpoints(handle)

    async def rewind(self, handle: VmHandle, name: str) -> VmHandle:
        """See :meth:`~vmnb.core.checkpoint.Checkpointing.rewind`."""
        return await self._checkpointing(handle).rewind(handle, name)

    async def forget(self, handle: VmHandle, name: str) -> None:
        """See :meth:`~vmnb.core.checkpoint.Checkpointing.forget`."""
        await self._checkpointing(handle).forget(handle, name)

    def _checkpointing(self, handle: VmHandle) -> Checkpointing:
        """Return the backend of `handle`; CapabilityError where it keeps no checkpoints of it."""
        backend = self._of(handle)
        require_capability(backend, Capability.CHECKPOINT, handle)
        assert isinstance(backend, Checkpointing)  # noqa: S101 - the capability says so
        return backend

    async def template(self, handle: VmHandle, name: str | None) -> Template:
        """See :meth:`~vmnb.core.template.Templating.template`."""
        return await self._templating(handle).template(handle, name)

    async def touch(self, handle: VmHandle) -> None:
        """See :meth:`~vmnb.core.template.Templating.touch`."""
        await self._templating(handle).touch(handle)

    async def templates(self) -> tuple[Template, ...]:
        """See :meth:`~vmnb.core.template.Templating.templates`; of the preferred backend."""
        return await self._templating(None).templates()

    async def pool(self, size: int) -> None:
        """See :meth:`~vmnb.core.template.Templating.pool`; of the preferred backend."""
        await self._templating(None).pool(size)

    async def remove_template(self, name: str) -> None:
        """See :meth:`~vmnb.core.template.Templating.remove_template`."""
        await self._templating(None).remove_template(name)

    def _templating(self, handle: VmHandle | None) -> Templating:
        """Return the backend of `handle`; CapabilityError where it keeps no templates."""
        backend = self._of(handle)
        require_capability(backend, Capability.TEMPLATE, handle)
        assert isinstance(backend, Templating)  # noqa: S101 - the capability says so
        return backend

    async def screenshot(self, handle: VmHandle) -> Picture:
        """See :meth:`~vmnb.core.hypervisor.Displaying.screenshot`."""
        return await self._displaying(handle).screenshot(handle)

    async def press(self, handle: VmHandle, chords: Sequence[Chord]) -> None:
        """See :meth:`~vmnb.core.hypervisor.Displaying.press`."""
        await self._displaying(handle).press(handle, chords)

    def _displaying(self, handle: VmHandle) -> Displaying:
        """Return the backend of `handle`; CapabilityError where it has no screen."""
        backend = self._of(handle)
        require_capability(backend, Capability.SCREEN, handle)
        assert isinstance(backend, Displaying)  # noqa: S101 - the capability says so
        return backend

    def _of(self, handle: VmHandle | None) -> Hypervisor:
        return self.backend(self.tag if handle is None else handle.backend)


def _platform_tag() -> str:
    if sys.platform.startswith("linux"):
        return BackendTag.QEMU
    return BackendTag.PROPOLIS if sys.platform.startswith("sunos") else BackendTag.NOOP
