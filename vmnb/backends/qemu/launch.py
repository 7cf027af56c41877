"""Starting QEMU: one spawn, and either a VM that runs or nothing at all."""

import asyncio
import os
import socket
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from vmnb.backends.qemu.argv import (
    BootFiles,
    FirmwareFiles,
    LanCard,
    Launch,
    Memory,
    build_argv,
    shape,
)
from vmnb.backends.qemu.files import Sockets, WorkFiles, listening
from vmnb.backends.qemu.instants.memory import inherited, new_memory
from vmnb.backends.qemu.instants.migration import Origin, receive
from vmnb.backends.qemu.network.forwards import (
    planned_forwards,
    read_forwards,
    ssh_host_port,
    unbound,
)
from vmnb.backends.qemu.network.lan import join_network, tell_network
from vmnb.backends.qemu.network.tap import tap_of
from vmnb.backends.qemu.program.accelerator import Accelerator
from vmnb.backends.qemu.program.binary import Qemu, unknown_machine
from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.backends.qemu.running.journal import Journal
from vmnb.backends.qemu.running.monitor import queue_for
from vmnb.backends.qemu.running.process import ending, last_lines, spawn
from vmnb.backends.qemu.usage.cgroup import confine
from vmnb.core.errors import BackendError, DeadlineError, LinkLostError
from vmnb.core.finish import finish
from vmnb.core.handle import VmHandle
from vmnb.core.names import host_name
from vmnb.core.network import NetworkMode
from vmnb.core.process import Found, ProcessId
from vmnb.core.threads import in_thread

__all__ = ["launch", "planned_shape"]

_START_TIMEOUT_S = 30.0
_LISTENERS = 5
_NEGOTIATE = b'{"execute": "qmp_capabilities"}\n'
_NEGOTIATED = b'"return"'


async def launch(
    handle: VmHandle, qemu: Qemu, accelerator: Accelerator, origin: Origin | None = None
) -> tuple[VmHandle, Attachment]:
    """Start QEMU and return when its guest runs, from its boot on or as it was at `origin`.

    Raises
    ------
    BackendError
        It ended at once, or does not answer, or `origin` is of another machine than this VM's; it
        is gone again, and so is every trace of the try.
    """
    files, sockets = WorkFiles.of_handle(handle), Sockets.of(handle.id)
    journal = Journal(files.journal)
    journal_before = await asyncio.to_thread(journal.size_bytes)
    attachment: Attachment | None = None
    try:
        lan = await join_network(handle, sockets)
        spawned = await in_thread(
            lambda: _spawn(handle, qemu, accelerator, files, sockets, lan, origin),
            undo=_Spawned.abandon,
        )
        with spawned.journal:
            attachment = Attachment(handle.name, spawned.found, sockets, journal)
            await attachment.greet(spawned.monitor, _START_TIMEOUT_S)
            await _until_negotiated(spawned.journal)
            if origin is not None:
                await receive(attachment, sockets.migration, origin)
                if not origin.brings_memory:
                    await attachment.execute("cont")
        await tell_network(handle)
        forwards = await read_forwards(attachment) if planned_forwards(handle) else ()
    except BaseException as error:
        await finish(_undo(attachment, sockets, journal, journal_before))
        if isinstance(error, LinkLostError | DeadlineError | OSError):
            failure = await asyncio.to_thread(_failure, handle, files.stderr, attachment)
            raise failure from error
        raise
    started = _started(handle, attachment.process.identity, sockets, accelerator, spawned.shape)
    return replace(started, ssh_host_port=ssh_host_port(forwards)), attachment


def planned_shape(handle: VmHandle, qemu: Qemu, accelerator: Accelerator) -> str:
    """Return the shape of the machine that :func:`launch` would start."""
    nowhere = Path("/")
    has_lan = handle.network.network is not None
    plan = _plan(
        handle,
        qemu,
        accelerator,
        WorkFiles.of_handle(handle),
        Sockets.of_handle(handle),
        memory=Memory(path=nowhere, size_mib=handle.memory_mib, shared=True),
        lan=LanCard(mac="", port=nowhere, switch=nowhere) if has_lan else None,
        tap=0 if handle.network.mode is NetworkMode.TAP else None,
        listeners=(0,) * _LISTENERS,
        journal=0,
        waits=False,
    )
    return shape(plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Spawned:
    """A new QEMU, and our ends of its journal and of its first monitor.

    Parameters
    ----------
    shape
        Of its machine; see :func:`~vmnb.backends.qemu.argv.shape`.
    """

    found: Found
    journal: socket.socket
    monitor: socket.socket
    shape: str

    def abandon(self) -> None:
        """End it: nobody wants it any more."""
        self.journal.close()
        self.monitor.close()
        self.found.kill()


def _spawn(
    handle: VmHandle,
    qemu: Qemu,
    accelerator: Accelerator,
    files: WorkFiles,
    sockets: Sockets,
    lan: LanCard | None,
    origin: Origin | None,
) -> _Spawned:
    sockets.make_directory()
    ours, theirs = socket.socketpair()
    with ExitStack() as stack, ExitStack() as undo:
        undo.callback(ours.close)
        stack.callback(theirs.close)
        memory, descriptors = _memory(handle, origin, stack)
        opened = [
            stack.enter_context(listening(path)).fileno()
            for path in (
                *sockets.monitors,
                sockets.console,
                sockets.second_console,
                sockets.agent,
            )
        ]
        plan = _plan(
            handle,
            qemu,
            accelerator,
            files,
            sockets,
            memory=memory,
            lan=lan,
            tap=stack.enter_context(tap_of(handle)),
            listeners=opened,
            journal=theirs.fileno(),
            waits=origin is not None,
        )
        made_for = shape(plan)
        if origin is not None and origin.shape != made_for:
            raise _other_machine(handle)
        ours.send(_NEGOTIATE)
        # Before anybody else can be: a process that asks for the state must not be served first.
        monitor = undo.enter_context(queue_for(sockets.monitors[0]))
        descriptors += plan.descriptors
        found = spawn(build_argv(plan), descriptors=descriptors, stderr=files.stderr)
        undo.callback(found.kill)
        confine(handle, found.identity.pid)
        undo.pop_all()
    return _Spawned(found=found, journal=ours, monitor=monitor, shape=made_for)


def _plan(
    handle: VmHandle,
    qemu: Qemu,
    accelerator: Accelerator,
    files: WorkFiles,
    sockets: Sockets,
    *,
    memory: Memory,
    lan: LanCard | None,
    tap: int | None,
    listeners: Sequence[int],
    journal: int,
    waits: bool,
) -> Launch:
    first_monitor, second_monitor, console, second_console, agent = listeners
    return Launch(
        qemu=qemu.path,
        machine=handle.extra["machine"],
        accelerator=accelerator.name,
        id=handle.id,
        name=handle.name,
        vcpus=handle.vcpus,
        memory=memory,
        disk=files.overlay.resolve(),
        seed_iso=handle.seed_iso,
        boot=_boot_files(handle, accelerator),
        firmware=_firmware_files(handle, files),
        mac=handle.mac,
        forwards=planned_forwards(handle),
        restrict=handle.network.restrict,
        tap=tap,
        lan=lan,
        pidfile=sockets.pidfile,
        vnc_socket=sockets.vnc,
        console_log=files.console_log,
        second_console_log=files.second_console_log,
        journal_log=files.journal,
        monitors=(first_monitor, second_monitor),
        journal_descriptor=journal,
        console=console,
        second_console=second_console,
        agent=agent,
        waits=waits,
    )


def _memory(
    handle: VmHandle, origin: Origin | None, stack: ExitStack
) -> tuple[Memory, tuple[int, ...]]:
    """Return the guest's memory, and the descriptors by which QEMU comes to it."""
    size_mib = handle.memory_mib
    if origin is not None:
        descriptor = origin.memory
    else:
        descriptor = new_memory(size_mib)
        stack.callback(os.close, descriptor)
    written = origin is None or not origin.is_shared
    memory = Memory(path=inherited(descriptor), size_mib=size_mib, shared=written)
    return memory, (descriptor,)


async def _undo(
    attachment: Attachment | None, sockets: Sockets, journal: Journal, journal_before: int
) -> None:
    if attachment is not None:
        await attachment.end(kill=True)
    await asyncio.to_thread(journal.forget_after, journal_before)
    await asyncio.to_thread(sockets.remove)


async def _until_negotiated(ours: socket.socket) -> None:
    """Wait until QEMU writes its journal; it goes on doing so when our end is closed."""
    ours.setblocking(False)
    loop = asyncio.get_running_loop()
    said = b""
    async with asyncio.timeout(_START_TIMEOUT_S):
        while _NEGOTIATED not in said:
            part = await loop.sock_recv(ours, 4096)
            if not part:
                raise LinkLostError("QEMU ended while it started")
            said += part


def _boot_files(handle: VmHandle, accelerator: Accelerator) -> BootFiles | None:
    extra = handle.extra
    if "kernel" not in extra:
        return None
    words = [extra.get("cmdline", "")]
    if accelerator.name == "tcg":
        words.append(extra.get("emulated_cmdline", ""))
    initrd = Path(extra["initrd"]) if "initrd" in extra else None
    append = " ".join(filter(None, words))
    hostname = host_name(handle.name)
    return BootFiles(kernel=Path(extra["kernel"]), initrd=initrd, append=append, hostname=hostname)


def _firmware_files(handle: VmHandle, files: WorkFiles) -> FirmwareFiles | None:
    if "uefi_code" not in handle.extra:
        return None
    return FirmwareFiles(
        code=Path(handle.extra["uefi_code"]),
        code_format=handle.extra["uefi_code_format"],
        variables=files.uefi_variables,
    )


def _started(
    handle: VmHandle,
    identity: ProcessId,
    sockets: Sockets,
    accelerator: Accelerator,
    made_for: str,
) -> VmHandle:
    return replace(
        sockets.written_into(handle),
        pid=identity.pid,
        pid_start=identity.start,
        boot_id=identity.boot,
        second_console_log=WorkFiles.of_handle(handle).second_console_log,
        accelerator=accelerator.name,
        accelerator_note=accelerator.note or None,
        extra={**handle.extra, "shape": made_for},
    )


def _other_machine(handle: VmHandle) -> BackendError:
    return BackendError(
        f"{handle.name!r} cannot go on from what was saved: its machine differs from the one then, "
        "as it may where vmnb was upgraded since",
        hint="start it anew, by a boot",
    )


def _failure(handle: VmHandle, stderr: Path, attachment: Attachment | None) -> BackendError:
    name = handle.name
    code = attachment.process.exit_code if attachment is not None else None
    how = "" if code is None else f" and ended with {ending(code)}"
    said = last_lines(stderr)
    known = unbound(said, name) or unknown_machine(said, name, handle.extra["machine"])
    if known is not None:
        return known
    return BackendError(
        f"QEMU did not start {name!r}{how}" + (f"; its last words:\n{said}" if said else ""),
        hint="its whole output is in " + os.fspath(stderr),
    )
