"""The one shape that every image resolves to, whatever it was made from."""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["BootImage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BootImage:
    """A disk to lay an overlay on and, for a direct boot, a kernel with its initial RAM disk.

    Parameters
    ----------
    name
        What the user asked for: ``"tiny"`` or the path as given.
    disk
        Absolute path of the base disk, never to be written to.
    disk_format
        QEMU's name of its format: ``qcow2``, ``raw``, ``vmdk``, ``vdi`` or ``vhdx``. Recognised by
        content and checked to refer to no other file, so pass it on explicitly.
    disk_size_bytes
        Size of the disk as the guest sees it; an overlay must not be smaller.
    kernel, initrd
        For a direct kernel boot; None where the disk boots by its own boot loader.
    uefi_kernel
        The same kernel as UEFI firmware takes it: packed, with a stub for UEFI in front.
    cmdline
        Kernel command line to boot with; the tiny guest takes its host name from a further
        ``vmnb.hostname=NAME``.
    emulated_cmdline
        What to append where the processor is emulated (TCG): it leaves out work that only pays on
        a real one, such as detours against side channels.
    memory_min_mib, uefi_memory_min_mib
        Least memory, in MiB, with which it is known to boot, and to boot by UEFI.
    has_agent
        Whether the guest is known to run the QEMU guest agent.
    digest
        SHA-256, in hexadecimal, that changes when the content does. For the tiny guest that of its
        files' digests; for a file of the user's that of its path, inode, size and time of change,
        since such a file may be too large to read at each use.
    """

    name: str
    disk: Path
    disk_format: str
    disk_size_bytes: int
    kernel: Path | None = None
    initrd: Path | None = None
    uefi_kernel: Path | None = None
    cmdline: str | None = None
    emulated_cmdline: str | None = None
    memory_min_mib: int = 1
    uefi_memory_min_mib: int = 1
    has_agent: bool = False
    digest: str = ""
