"""The disk of a guest that does nothing, and so is up in a moment."""

from pathlib import Path

__all__ = ["idle_image"]

_HALT = b"\xfb\xf4\xeb\xfd"  # sti; hlt; jmp back to hlt


def idle_image(folder: Path) -> Path:
    """Make it, and return its path."""
    path = folder / "idle.img"
    path.write_bytes(_HALT.ljust(510, b"\0") + b"\x55\xaa" + bytes(1 << 20))
    return path
