"""VMs on QEMU: the nine operations, and following what happens to a VM."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from weakref import WeakValueDictionary

from vmnb.backends.qemu.files import Sockets, WorkFiles, remove_work_directory
from vmnb.backends.qemu.instants.forks import Forks
from vmnb.backends.qemu.instants.pooling import Pooling
from vmnb.backends.qemu.instants.restoring import check_template
from vmnb.backends.qemu.instants.rewinding import Rewinding
from vmnb.backends.qemu.network.address import find_address
from vmnb.backends.qemu.network.forwards import add_forward, read_forwards, remove_forward
from vmnb.backends.qemu.network.lan import leave_network
from vmnb.backends.qemu.network.tap import require_tap
from vmnb.backends.qemu.prepare import check_disk, check_memory, check_vcpus, prepare
from vmnb.backends.qemu.program.accelerator import find_accelerator
from vmnb.backends.qemu.pruning import Pruning
from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.backends.qemu.running.boot_marks import read_boot_marks
from vmnb.backends.qemu.running.journal import Journal, Note
from vmnb.backends.qemu.running.power import power_off, wake
from vmnb.backends.qemu.running.rest import resting_state
from vmnb.backends.qemu.running.screen import press, take_picture
from vmnb.backends.qemu.running.watch import follow
from vmnb.backends.qemu.usage.cgroup import remove_group
from vmnb.backends.qemu.usage.meter import Meter
from vmnb.core.boot import BootMark
from vmnb.core.claim import id_of_new_vm
from vmnb.core.errors import StateError
from vmnb.core.forking import UNFINISHED_COPY
from vmnb.core.handle import VmHandle
from vmnb.core.hypervisor import (
    STOP_TIMEOUT_S,
    BackendTag,
    Capability,
    Chord,
    ConsoleEndpoint,
    IpAddress,
    UnixConsole,
    VmEvent,
    check_spec,
    require_capability,
)
from vmnb.core.metrics import Sample
from vmnb.core.network import Forward, NetworkMode
from vmnb.core.picture import Picture
from vmnb.core.spec import VmSpec
from vmnb.core.state import Action, VmState, require
from vmnb.images import resolve
from vmnb.seed import check_cloud_init

__all__ = ["QemuHypervisor"]

_CAPABILITIES = frozenset(
    {
        Capability.CONSOLE,
        Capability.SCREEN,
        Capability.SUSPEND,
        Capability.GRACEFUL_STOP,
        Capability.GUEST_ADDRESS,
        Capability.GUEST_AGENT,
        Capability.EVENTS,
        Capability.CLOUD_INIT,
        Capability.SSH,
        Capability.UEFI,
        Capability.FORWARDS,
        Capability.METRICS,
        Capability.BOOT_MARKS,
        Capability.FORK,
        Capability.CHECKPOINT,
        Capability.TEMPLATE,
        Capability.NETWORK_USER,
        Capability.NETWORK_TAP,
        Capability.NETWORK_PRIVATE,
        Capability.NETWORK_NONE,
    }
)


class QemuHypervisor(Rewinding, Forks, Pooling, Pruning):
    """VMs on QEMU, which go on when this process ends; lives on one event loop.

    Each call finds the VM by its handle alone, whoever started it: the process by its lock, its
    state by QMP, and what happened while nobody looked by the journal that QEMU itself writes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._meters: dict[str, Meter] = {}
        self._keyboards: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def tag(self) -> str:
        """The tag that this hypervisor's handles carry."""
        return BackendTag.QEMU

    def capabilities(self, handle: VmHandle | None = None) -> frozenset[Capability]:
        """Return what it can do: for `handle`, or for a VM that it would prepare."""
        if handle is None or handle.network.has_user_card:
            return _CAPABILITIES
        if handle.network.mode is NetworkMode.NONE:
            return _CAPABILITIES - {Capability.GUEST_ADDRESS, Capability.FORWARDS}
        return _CAPABILITIES - {Capability.FORWARDS}

    async def prepare(self, spec: VmSpec) -> VmHandle:
        """Make the work directory with disk and seed; afterwards the VM is ``prepared``.

        What is slow the first time, an image to be built or QEMU to be tried out, is done here.

        Raises
        ------
        SpecError, CapabilityError, ImageError
            The spec cannot be had here; nothing was made.
        BackendUnavailableError
            There is no QEMU that works.
        BackendError
            There is no UEFI firmware, no such bridge, no right to join it, or no space on the
            disk; nothing was left.
        """
        check_spec(self, spec)
        if spec.cloud_init is not None:
            check_cloud_init(spec.cloud_init)
        await check_template(spec)
        qemu = await self._qemu()
        check_vcpus(spec, qemu)
        firmware = await self._firmware(spec, qemu)
        if spec.network.bridge is not None:
            await asyncio.to_thread(require_tap, spec.network.bridge)
        image = await resolve(spec.image)
        check_memory(spec, image)
        check_disk(spec, image)
        await find_accelerator(qemu, self._probes)
        vm_id = id_of_new_vm()
        adopted = await self._adopted(vm_id, spec, image, qemu)
        return adopted or await prepare(vm_id, spec, qemu, image, firmware)

    async def start(self, handle: VmHandle) -> VmHandle:
        """Boot it; afterwards it is ``running`` and the handle has its runtime facts.

        The first time it may begin from a template instead, and is ready then.

        Raises
        ------
        StateError
            It runs already, or is gone.
        TemplateError
            There is no template as its spec wants, or it is of another machine.
        BackendError
            QEMU would not run; the VM is as it was before.
        """
        async with self._turn(handle):
            require(Action.START, await self.state(handle), handle.name)
            if UNFINISHED_COPY in handle.extra:
                raise StateError(
                    f"{handle.name!r} is a copy that was never finished: it has the names and "
                    "addresses of the VM that it was made of",
                    hint="destroy it, and fork that VM again",
                )
            return await self._start(handle)

    async def stop(self, handle: VmHandle, timeout_s: float = STOP_TIMEOUT_S) -> VmHandle:
        """Shut it down by its power button, by force after `timeout_s` seconds.

        Afterwards it is ``stopped`` and its process is gone. A suspended guest is woken for it.

        Raises
        ------
        StateError
            There is nothing to stop.
        BusyError
            Other processes keep both of QEMU's monitors, so the guest cannot be asked; with
            ``timeout_s=0`` it need not be.
        BackendError
            Not even SIGKILL ended it.
        """
        async with self._turn(handle):
            attachment = await self._attachments.find(handle)
            if attachment is None:
                require(Action.STOP, await asyncio.to_thread(resting_state, handle), handle.name)
                journal = Journal(WorkFiles.of_handle(handle).journal)
                await asyncio.to_thread(journal.note, Note.SETTLED, {})
            elif timeout_s <= 0 or not await power_off(attachment, timeout_s):
                await attachment.end(kill=False)
            await self._attachments.release(handle)
            await asyncio.to_thread(Sockets.of_handle(handle).remove)
            return replace(handle, pid=None, pid_start=None, boot_id=None, ssh_host_port=None)

    async def suspend(self, handle: VmHandle) -> VmHandle:
        """Pause its vCPUs; afterwards it is ``suspended``."""
        async with self._turn(handle):
            require(Action.SUSPEND, await self.state(handle), handle.name)
            await (await self._attachments.require(handle)).execute("stop")
            return handle

    async def resume(self, handle: VmHandle) -> VmHandle:
        """Let its vCPUs run on, whatever made them pause; afterwards it is ``running``."""
        async with self._turn(handle):
            require(Action.RESUME, await self.state(handle), handle.name)
            await wake(await self._attachments.require(handle))
            return handle

    async def destroy(self, handle: VmHandle) -> None:
        """End it at once if it runs and remove all its files; a second call changes nothing."""
        async with self._turn(handle):
            attachment = await self._attachments.find(handle)
            if attachment is not None:
                await attachment.end(kill=True)
            self._meters.pop(handle.id, None)
            await self._attachments.release(handle)
            await asyncio.to_thread(Sockets.of_handle(handle).remove)
            await asyncio.to_thread(remove_group, handle.id)
            await asyncio.to_thread(remove_work_directory, WorkFiles.of_handle(handle))
            await leave_network(handle)

    async def guest_ip(self, handle: VmHandle) -> IpAddress:
        """Return the address of the VM's network card, as the guest's agent tells it.

        On a bridge of the host it is found without an agent, too, where the guest answers there.

        Raises
        ------
        CapabilityError
            It has no network.
        StateError
            It does not run.
        DeadlineError
            The guest had no address in time, or nothing knew of it.
        """
        require_capability(self, Capability.GUEST_ADDRESS, handle)
        state = await self.state(handle)
        if state is not VmState.RUNNING:
            raise StateError(
                f"{handle.name!r} has no address: it is {state}", hint="start or resume it first"
            )
        return await find_address(handle)

    async def forwards(self, handle: VmHandle) -> tuple[Forward, ...]:
        """Ask QEMU which ports of the host lead into the guest now."""
        return await read_forwards(await self._forwarding(handle))

    async def forward(self, handle: VmHandle, forward: Forward) -> Forward:
        """Let QEMU bind one more port, until the VM stops."""
        async with self._turn(handle):
            return await add_forward(await self._forwarding(handle), forward)

    async def unforward(self, handle: VmHandle, forward: Forward) -> None:
        """Let QEMU close one; connections that stand go on."""
        async with self._turn(handle):
            await remove_forward(await self._forwarding(handle), forward)

    async def _forwarding(self, handle: VmHandle) -> Attachment:
        require_capability(self, Capability.FORWARDS, handle)
        attachment = await self._attachments.find(handle)
        if attachment is None:
            raise StateError(
                f"no port leads into {handle.name!r}: it does not run",
                hint="start it first; what every start shall open is said when it is made: "
                "network=vmnb.user(forward={8080: 80})",
            )
        return attachment

    async def screenshot(self, handle: VmHandle) -> Picture:
        """Return what the screen shows now, of a VM that runs or is suspended."""
        attachment = await self._attachments.find(handle)
        if attachment is None:
            raise StateError(
                f"the screen of {handle.name!r} is dark: it does not run", hint="start it first"
            )
        return await take_picture(attachment, Sockets.of_handle(handle).directory)

    async def press(self, handle: VmHandle, chords: Sequence[Chord]) -> None:
        """Press keys, in turn with whoever else presses some from here."""
        async with self._keyboards.setdefault(handle.id, asyncio.Lock()):
            state = await self.state(handle)
            if state is not VmState.RUNNING:
                raise StateError(
                    f"nobody hears the keyboard of {handle.name!r}: it is {state}",
                    hint="start or resume it first",
                )
            await press(await self._attachments.require(handle), chords)

    async def measure(self, handle: VmHandle) -> Sample:
        """Look at what it uses now; see :meth:`~vmnb.core.metrics.Measuring.measure`."""
        attachment = await self._attachments.find(handle)
        if attachment is None:
            raise StateError(f"{handle.name!r} uses nothing: it does not run", hint="start it")
        meter = self._meters.get(handle.id)
        if meter is None or meter.attachment is not attachment:
            meter = self._meters[handle.id] = Meter(handle, attachment)
        return await meter.sample()

    async def boot_marks(self, handle: VmHandle) -> tuple[BootMark, ...]:
        """Return when its process began, and what the journal of its last run has to say."""
        return await asyncio.to_thread(read_boot_marks, handle)

    def console_endpoint(self, handle: VmHandle) -> ConsoleEndpoint:
        """Return the Unix socket of the serial port and the log of all it ever said."""
        log = WorkFiles.of_handle(handle).console_log
        return UnixConsole(path=Sockets.of_handle(handle).console, log=log)

    def console_endpoints(self, handle: VmHandle) -> tuple[ConsoleEndpoint, ...]:
        """Return both serial ports; a VM that was started before there were two has one."""
        first = self.console_endpoint(handle)
        if handle.second_console_socket is None:
            return (first,)
        path = Sockets.of_handle(handle).second_console
        log = WorkFiles.of_handle(handle).second_console_log
        return (first, UnixConsole(path=path, log=log))

    async def watch(self, handle: VmHandle) -> AsyncGenerator[VmEvent, None]:
        """Yield what has happened since the VM's last start, then what happens.

        It ends when QEMU has ended, after the event that says why.
        """
        attachment = await self._attachments.find(handle)
        async with aclosing(follow(handle, attachment)) as events:
            async for event in events:
                yield event
