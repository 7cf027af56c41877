"""Making what a VM needs before it can run."""

import asyncio
import hashlib
import json
from dataclasses import replace
from pathlib import Path

from vmnb.backends.qemu.disk.layers import new_layer, put_on_top
from vmnb.backends.qemu.files import (
    Sockets,
    WorkFiles,
    located,
    new_work_directory,
    remove_tree,
)
from vmnb.backends.qemu.instants.template_key import SEED_DIGEST
from vmnb.backends.qemu.program.binary import Qemu
from vmnb.backends.qemu.program.firmware import Firmware
from vmnb.backends.qemu.program.qemu_img import copy_variables, create_overlay
from vmnb.core.errors import SpecError
from vmnb.core.handle import IMAGE_DISK_MIB, VmHandle
from vmnb.core.host_memory import total_mib
from vmnb.core.hypervisor import BackendTag
from vmnb.core.names import host_name
from vmnb.core.network import NetworkMode
from vmnb.core.spec import VmSpec
from vmnb.core.ssh import SshConfig
from vmnb.core.threads import in_thread
from vmnb.guest.ssh_key import make_key, public_key
from vmnb.images import BootImage
from vmnb.lan import Zone, card_mac
from vmnb.seed import Login, seed_documents, two_cards, write_iso

__all__ = ["check_disk", "check_memory", "check_vcpus", "prepare", "user_mac"]

_MIB = 1024 * 1024
_NOBODY = "0" * 32
_DISK_MAX_MIB = 1 << 31  # 2 PiB: as far as QCOW2 reaches with clusters of 64 KiB


def check_vcpus(spec: VmSpec, qemu: Qemu) -> None:
    """Raise SpecError where the machine has no place for so many vCPUs."""
    if spec.vcpus > qemu.cpu_max:
        raise SpecError(
            f"vcpus is {spec.vcpus}, and a {qemu.machine} of QEMU {qemu.version} takes at most "
            f"{qemu.cpu_max}",
            hint=f"ask for 1 to {qemu.cpu_max}",
        )


def check_memory(spec: VmSpec, image: BootImage) -> None:
    """Raise SpecError where it is less than the image needs, or more than this machine has."""
    least_mib = image.uefi_memory_min_mib if spec.uefi else image.memory_min_mib
    if spec.memory_mib < least_mib:
        raise SpecError(
            f"memory_mib is {spec.memory_mib}, and the image {image.name!r} needs {least_mib}"
            f"{' to boot by UEFI' if spec.uefi else ''}",
            hint=f'ask for {least_mib} or more; "{spec.memory_mib}G" would be GiB',
        )
    has_mib = total_mib()
    if has_mib is not None and spec.memory_mib > has_mib:
        raise SpecError(
            f"memory_mib is {spec.memory_mib}, and this machine has {has_mib}",
            hint="ask for less, and leave some for the machine itself",
        )


def check_disk(spec: VmSpec, image: BootImage) -> None:
    """Raise SpecError where the disk would be smaller than its image, or no QCOW2 is so large."""
    if spec.disk_mib is not None and spec.disk_mib > _DISK_MAX_MIB:
        raise SpecError(
            f"disk_mib is {spec.disk_mib}, and a disk has {_DISK_MAX_MIB} at most",
            hint="ask for less; a disk takes space only as it fills",
        )
    if spec.disk_mib is not None and spec.disk_mib * _MIB < image.disk_size_bytes:
        needed = _disk_mib(image)
        raise SpecError(
            f"disk_mib is {spec.disk_mib}, and the image {image.name!r} needs {needed}",
            hint=f"ask for {needed} or more, or leave it out",
        )


def _disk_mib(image: BootImage) -> int:
    return -(-image.disk_size_bytes // _MIB)


async def prepare(
    vm_id: str, spec: VmSpec, qemu: Qemu, image: BootImage, firmware: Firmware | None
) -> VmHandle:
    """Make the work directory with all that is in it, or nothing; with `firmware` it is for UEFI.

    Raises
    ------
    SpecError
        Nothing can be written there.
    BackendError
        The disk is full, or ``qemu-img`` failed.
    """
    files, sockets = WorkFiles.of(vm_id), Sockets.of(vm_id)
    _require_text(files.directory, sockets.directory, image.disk)
    await asyncio.to_thread(sockets.require_place)
    await in_thread(
        lambda: _make(spec, qemu, image, firmware, files),
        undo=lambda made: remove_tree(made.directory),
    )
    handle = VmHandle(
        id=vm_id,
        backend=BackendTag.QEMU,
        spec=spec,
        seed_iso=files.seed_iso if _is_seeded(spec) else None,
        has_agent=image.has_agent,
        mac=None if spec.network.mode is NetworkMode.NONE else user_mac(vm_id),
        extra=_boot_facts(image, firmware)
        | _seed_facts(spec)
        | {
            "machine": qemu.machine,
            "image_digest": image.digest,
            IMAGE_DISK_MIB: str(_disk_mib(image)),
        },
    )
    return located(handle)


def _make(
    spec: VmSpec, qemu: Qemu, image: BootImage, firmware: Firmware | None, files: WorkFiles
) -> WorkFiles:
    with new_work_directory(files, spec.name) as new:
        layer = new_layer(new.directory)
        create_overlay(layer, qemu, image, spec.disk_mib)
        put_on_top(layer, new.overlay)
        if firmware is not None:
            copy_variables(new.uefi_variables, qemu, firmware)
        if _is_seeded(spec):
            documents = seed_documents(
                spec.cloud_init,
                instance_id=files.directory.name,
                hostname=host_name(spec.name),
                login=_login(spec.ssh, new) if spec.ssh else None,
                network_config=_network_config(spec, files.directory.name),
            )
            write_iso(new.seed_iso, documents)
    return files


def _seed_facts(spec: VmSpec) -> dict[str, str]:
    if not _is_seeded(spec):
        return {}
    nameless = seed_documents(
        spec.cloud_init and replace(spec.cloud_init, instance_id=None),
        instance_id="",
        hostname="",
        login=Login(user=spec.ssh.user, public_key="") if spec.ssh else None,
        network_config=_network_config(spec, _NOBODY),
    )
    return {SEED_DIGEST: hashlib.sha256(json.dumps(nameless).encode()).hexdigest()}


def _is_seeded(spec: VmSpec) -> bool:
    # The tiny guest looks after two cards by itself; cloud-init must be told.
    needs_telling = spec.network.mode is NetworkMode.PRIVATE and spec.image != "tiny"
    return spec.cloud_init is not None or spec.ssh is not None or needs_telling


def _network_config(spec: VmSpec, vm_id: str) -> str | None:
    network = spec.network.network
    if network is None:
        return None
    domain = Zone.of(network).domain
    return two_cards(nat_mac=user_mac(vm_id), lan_mac=card_mac(vm_id), domain=domain)


def _login(ssh: SshConfig, files: WorkFiles) -> Login:
    key = public_key(ssh) if ssh.private_key else make_key(files.ssh_key)
    return Login(user=ssh.user, public_key=key)


def _boot_facts(image: BootImage, firmware: Firmware | None) -> dict[str, str]:
    facts = {
        "kernel": image.uefi_kernel if firmware else image.kernel,
        "initrd": image.initrd,
        "cmdline": image.cmdline,
        "emulated_cmdline": image.emulated_cmdline,
        "uefi_code": firmware.code if firmware else None,
        "uefi_code_format": firmware.code_format if firmware else None,
    }
    return {name: str(value) for name, value in facts.items() if value is not None}


def user_mac(vm_id: str) -> str:
    """Return the VM's own address under QEMU's prefix for virtual cards."""
    return ":".join(("52", "54", "00", vm_id[0:2], vm_id[2:4], vm_id[4:6]))


def _require_text(*paths: Path) -> None:
    """QEMU takes paths as JSON, which is text: what is not UTF-8 cannot be written in it."""
    for path in paths:
        try:
            str(path).encode()
        except UnicodeEncodeError as error:
            raise SpecError(
                f"the path {str(path)!r} is not valid UTF-8",
                hint="rename that directory, or choose another place with VMNB_HOME",
            ) from error
