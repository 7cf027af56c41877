"""What runs the guest's code: KVM, HVF or TCG, each tried by running something on it.

A device node says little: ``/dev/kvm`` may exist and open and yet no guest ever gets anywhere, as
on hosts that emulate it instruction by instruction. So a ROM is run that counts and then ends QEMU.
"""

import asyncio
import os
import platform
import struct
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from vmnb.backends.qemu.program.binary import Qemu
from vmnb.backends.qemu.program.probe_cache import Facts, ProbeCache
from vmnb.backends.qemu.running.process import ending
from vmnb.core.errors import BackendUnavailableError
from vmnb.core.process import boot_id

__all__ = ["CPU_MODEL", "KVM", "Accelerator", "find_accelerator", "try_accelerators"]

CPU_MODEL = {"kvm": "host", "hvf": "host", "tcg": "max"}
"""The fullest CPU of each accelerator; distributions begin to need more than the default one."""

PROBE_TIMEOUT_S = 3.0
_LOOPS = 20_000_000  # about 10 ms on a CPU, 0.1 s in TCG, minutes where each is emulated
KVM = Path("/dev/kvm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Accelerator:
    """What runs the guest's code.

    Parameters
    ----------
    name
        ``kvm``, ``hvf`` or ``tcg``.
    note
        Why it is not a faster one; empty where it is the fastest.
    """

    name: str
    note: str


async def find_accelerator(qemu: Qemu, cache: ProbeCache) -> Accelerator:
    """Return the fastest accelerator that runs code here.

    Raises
    ------
    BackendUnavailableError
        None does.
    """
    refusal = await asyncio.to_thread(_kvm_refusal)
    key = f"accelerator|{qemu.key}|{qemu.machine}|{boot_id()}|{refusal}"
    facts = await cache.get(key, lambda: _probe_all(qemu, refusal))
    return Accelerator(name=facts["name"], note=facts["note"])


async def try_accelerators(qemu: Qemu) -> dict[str, str]:
    """Try each that this machine may have, anew; return what is wrong with it, empty if nothing."""
    refusal = await asyncio.to_thread(_kvm_refusal)
    tried = {"kvm": refusal} if refusal else {}
    for name in _candidates(refusal):
        tried[name] = await asyncio.to_thread(_probe, qemu, name)
    return tried


async def _probe_all(qemu: Qemu, kvm_refusal: str) -> Facts:
    notes = [kvm_refusal] if kvm_refusal else []
    for name in _candidates(kvm_refusal):
        problem = await asyncio.to_thread(_probe, qemu, name)
        if not problem:
            return {"name": name, "note": "; ".join(notes)}
        notes.append(problem)
    raise BackendUnavailableError(
        f"no accelerator of {qemu.path} runs a guest: {'; '.join(notes)}",
        hint="try it by hand: qemu-system-x86_64 -accel tcg -nographic",
    )


def _candidates(kvm_refusal: str) -> tuple[str, ...]:
    if sys.platform == "darwin":
        return ("hvf", "tcg")
    return ("tcg",) if kvm_refusal else ("kvm", "tcg")


def _kvm_refusal() -> str:
    """Return why KVM need not even be tried; empty where it must be."""
    if sys.platform != "linux":
        return ""
    if platform.machine() != "x86_64":
        return f"KVM cannot run x86_64 guests on {platform.machine()}"
    if not KVM.exists():
        return f"there is no {KVM}"
    if not os.access(KVM, os.R_OK | os.W_OK):
        return f"no permission on {KVM}: add yourself to the group kvm and log in again"
    return ""


def _probe(qemu: Qemu, name: str) -> str:
    """Run the ROM on accelerator `name`; return what went wrong, or an empty text."""
    with tempfile.NamedTemporaryFile(suffix=".rom") as rom:
        rom.write(counting_rom())
        rom.flush()
        argv = [str(qemu.path), "-machine", qemu.machine, "-accel", name, "-cpu", CPU_MODEL[name]]
        argv += ["-nodefaults", "-no-user-config", "-display", "none", "-m", "16"]
        argv += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4", "-bios", rom.name]
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PROBE_TIMEOUT_S,
                check=False,
            )
        except subprocess.TimeoutExpired:
            return f"{name.upper()} is there but ran no guest within {PROBE_TIMEOUT_S:g} s"
        except OSError as error:
            return f"{name.upper()} cannot be tried: {error.strerror}"
    if done.returncode == _DONE:
        return ""
    said = next((line for line in done.stderr.splitlines() if "error: " in line), "")
    return f"{name.upper()} is there but fails: {_reason(said) or ending(done.returncode)}"


def _reason(said: str) -> str:
    return said.partition("error: ")[2].strip()


_DONE = 33
"""isa-debug-exit ends QEMU with twice the value written, plus one: here 2 * 16 + 1."""


def counting_rom() -> bytes:
    """Return a 64 KiB ROM that counts in the CPU's first mode, then ends QEMU in order."""
    count = b"\x66\xb9" + struct.pack("<I", _LOOPS) + b"\x66\x49\x75\xfc"  # mov ecx; dec ecx; jnz
    end = b"\xb0\x10\xe6\xf4\xf4"  # mov al, 16; out 0xf4, al; hlt
    start, reset_vector = 0xFF00, 0xFFF0
    jump = b"\xe9" + struct.pack("<h", start - (reset_vector + 3))
    rom = bytearray(0x10000)
    rom[start : start + len(count + end)] = count + end
    rom[reset_vector : reset_vector + len(jump)] = jump
    return bytes(rom)
