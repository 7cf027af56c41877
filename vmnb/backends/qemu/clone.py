"""Making what a copy of a saved guest needs before it can go on."""

import shutil
from dataclasses import replace
from uuid import uuid4

from vmnb.backends.qemu.binary import Qemu
from vmnb.backends.qemu.files import Sockets, WorkFiles, make_work_directory, remove_tree
from vmnb.backends.qemu.layers import link_chain, new_layer, put_on_top
from vmnb.backends.qemu.prepare import user_mac
from vmnb.backends.qemu.qemu_img import create_layer
from vmnb.backends.qemu.saved import SavedGuest
from vmnb.backends.qemu.threads import in_thread
from vmnb.core.handle import VmHandle

__all__ = ["prepare_clone"]


async def prepare_clone(handle: VmHandle, name: str, saved: SavedGuest, qemu: Qemu) -> VmHandle:
    """Make a work directory for a copy named `name` of the VM `handle`, or nothing.

    Raises
    ------
    SpecError
        Nothing can be written there.
    BackendError
        The disk is full.
    """
    vm_id = uuid4().hex
    source, files = WorkFiles.of_handle(handle), WorkFiles.of(vm_id)
    sockets = Sockets.of(vm_id)
    sockets.require_place()
    await in_thread(
        lambda: _make(source, files, saved, qemu), undo=lambda made: remove_tree(made.directory)
    )
    return replace(
        handle,
        id=vm_id,
        spec=replace(handle.spec, name=name),
        work_dir=files.directory,
        overlay=files.overlay,
        seed_iso=files.seed_iso if handle.seed_iso else None,
        pid=None,
        pid_start=None,
        boot_id=None,
        qmp_socket=sockets.monitors[0],
        console_socket=sockets.console,
        console_log=files.console_log,
        second_console_socket=sockets.second_console,
        second_console_log=files.second_console_log,
        agent_socket=sockets.agent,
        vnc_socket=sockets.vnc,
        ssh_host_port=None,
        mac=handle.mac and user_mac(vm_id),
    )


def _make(source: WorkFiles, files: WorkFiles, saved: SavedGuest, qemu: Qemu) -> WorkFiles:
    unfinished = files.unfinished
    make_work_directory(unfinished)
    try:
        link_chain(saved.layer, unfinished.directory)
        layer = new_layer(unfinished.directory)
        create_layer(layer, qemu, saved.layer)
        put_on_top(layer, unfinished.overlay)
        for own, theirs in (
            (unfinished.seed_iso, source.seed_iso),
            (unfinished.uefi_variables, source.uefi_variables),
            (unfinished.ssh_key, source.ssh_key),
            (unfinished.ssh_key.with_suffix(".pub"), source.ssh_key.with_suffix(".pub")),
        ):
            if theirs.exists():
                own.parent.mkdir(0o700, exist_ok=True)
                shutil.copy2(theirs, own)
        unfinished.directory.rename(files.directory)
    except BaseException:
        remove_tree(unfinished.directory)
        raise
    return files
