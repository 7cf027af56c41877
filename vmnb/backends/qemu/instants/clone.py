"""Making what a copy of a saved guest needs before it can go on."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

from vmnb.backends.qemu.disk.layers import link_chain, new_layer, put_on_top
from vmnb.backends.qemu.files import (
    Sockets,
    WorkFiles,
    located,
    new_work_directory,
    remove_tree,
)
from vmnb.backends.qemu.instants.last_words import last_words, write_words
from vmnb.backends.qemu.instants.personal import card_of_copy
from vmnb.backends.qemu.prepare import user_mac
from vmnb.backends.qemu.program.binary import Qemu
from vmnb.backends.qemu.program.qemu_img import create_layer
from vmnb.core.forking import FORKED_FROM, UNFINISHED_COPY
from vmnb.core.handle import VmHandle
from vmnb.core.spec import VmSpec
from vmnb.core.template import RESTORED_FROM, UNTOUCHED
from vmnb.core.threads import in_thread

__all__ = ["prepare_clone"]


async def prepare_clone(
    handle: VmHandle, vm_id: str, spec: VmSpec, layer: Path, qemu: Qemu
) -> VmHandle:
    """Make a work directory for a copy of the VM `handle`, or nothing.

    Parameters
    ----------
    vm_id, spec
        The copy's own.
    layer
        The disk that it begins with, in the work directory of `handle`.

    Raises
    ------
    SpecError
        Nothing can be written there.
    BackendError
        The disk is full.
    """
    source, files = WorkFiles.of_handle(handle), WorkFiles.of(vm_id)
    await asyncio.to_thread(Sockets.of(vm_id).require_place)
    await in_thread(
        lambda: _make(source, files, spec.name, layer, qemu),
        undo=lambda made: remove_tree(made.directory),
    )
    clone = replace(
        handle,
        id=vm_id,
        spec=spec,
        seed_iso=files.seed_iso if handle.seed_iso else None,
        pid=None,
        pid_start=None,
        boot_id=None,
        ssh_host_port=None,
        mac=card_of_copy(handle.network, own=user_mac(vm_id), before=handle.mac),
    )
    origin = {FORKED_FROM: handle.name, UNFINISHED_COPY: handle.id}
    return located(clone).without_extra(RESTORED_FROM, UNTOUCHED).with_extra(origin)


def _make(source: WorkFiles, files: WorkFiles, name: str, below: Path, qemu: Qemu) -> WorkFiles:
    with new_work_directory(files, name) as new:
        link_chain(below, new.directory)
        layer = new_layer(new.directory)
        create_layer(layer, qemu, below)
        put_on_top(layer, new.overlay)
        for own, theirs in (
            (new.seed_iso, source.seed_iso),
            (new.uefi_variables, source.uefi_variables),
            (new.ssh_key, source.ssh_key),
            (new.ssh_key.with_suffix(".pub"), source.ssh_key.with_suffix(".pub")),
        ):
            if theirs.exists():
                own.parent.mkdir(0o700, exist_ok=True)
                shutil.copy2(theirs, own)
        write_words(new.console_log, last_words(source.console_log))
    return files
