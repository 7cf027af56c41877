"""Disks whose guest is a single boot sector, and so is up in a moment."""

from pathlib import Path

__all__ = ["HALT", "boot_disk"]

HALT = b"\xfb\xf4\xeb\xfd"  # sti; hlt; jmp back to hlt
"""Machine code of a guest that does nothing."""

_CODE_BYTES = 510


def boot_disk(path: Path, code: bytes = HALT) -> Path:
    """Make the disk that runs `code`, and return its path."""
    path.write_bytes(code.ljust(_CODE_BYTES, b"\0") + b"\x55\xaa" + bytes(1 << 20))
    return path
