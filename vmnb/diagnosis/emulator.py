"""QEMU: the program, what runs a guest's code with it, and firmware for it."""

import asyncio
import os

from vmnb.backends.qemu.program.accelerator import KVM, try_accelerators
from vmnb.backends.qemu.program.binary import Qemu, find_qemu
from vmnb.backends.qemu.program.firmware import find_firmware, firmware_folders
from vmnb.backends.qemu.program.probe_cache import ProbeCache
from vmnb.core.errors import BackendError, VmnbError
from vmnb.diagnosis.finding import Finding, Level
from vmnb.diagnosis.hardware import look_at_hardware

__all__ = ["look_at_emulator"]

_REINSTALL = "sudo apt-get install --reinstall qemu-system-x86"


async def look_at_emulator() -> list[Finding]:
    """Return what there is of QEMU; a small ROM is run on each accelerator."""
    try:
        qemu = await find_qemu(ProbeCache())
    except VmnbError as error:
        return [Finding(subject="qemu", level=Level.BAD, found=error.message, remedy=error.hint)]
    return [
        _program(qemu),
        *await _accelerators(qemu),
        await asyncio.to_thread(_firmware, qemu),
        await asyncio.to_thread(look_at_hardware, qemu),
    ]


def _program(qemu: Qemu) -> Finding:
    return Finding(
        subject="qemu",
        level=Level.OK,
        found=f"QEMU {qemu.version} at {qemu.path}; new VMs are a {qemu.machine}",
        facts={
            "path": str(qemu.path),
            "qemu_img_path": str(qemu.qemu_img),
            "version": qemu.version,
            "machine": qemu.machine,
            "vcpus_max": qemu.cpu_max,
        },
    )


async def _accelerators(qemu: Qemu) -> list[Finding]:
    tried = await try_accelerators(qemu)
    some_works = "" in tried.values()
    return [_accelerator(name, problem, some_works=some_works) for name, problem in tried.items()]


def _accelerator(name: str, problem: str, *, some_works: bool) -> Finding:
    lack = Level.WARNING if some_works else Level.BAD
    return Finding(
        subject=f"accelerator {name}",
        level=lack if problem else Level.OK,
        found=problem or "it runs a guest's code",
        remedy=_remedy(name) if problem else "",
        facts={"works": not problem},
    )


def _remedy(name: str) -> str:
    if name != "kvm":
        return _REINSTALL
    if not KVM.exists():
        return "sudo modprobe kvm_intel, or kvm_amd; in a container: docker run --device /dev/kvm"
    if not os.access(KVM, os.R_OK | os.W_OK):
        return "sudo usermod -aG kvm $USER, then log in again"
    return "allow nested virtualisation on the machine around this one; guests run without, slower"


def _firmware(qemu: Qemu) -> Finding:
    try:
        firmware = find_firmware(qemu.machine, firmware_folders())
    except BackendError as error:
        return Finding(subject="uefi", level=Level.WARNING, found=error.message, remedy=error.hint)
    code = str(firmware.code)
    return Finding(subject="uefi", level=Level.OK, found=code, facts={"code_path": code})
