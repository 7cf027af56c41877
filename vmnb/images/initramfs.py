"""An initial RAM disk: a cpio archive in the "newc" form, uncompressed.

The form is in the kernel's ``Documentation/driver-api/early-userspace/buffer-format.rst``. It is
written here because nothing else is needed of cpio, which not every machine has. It stays
uncompressed because the guest's emulated processor would unpack it slower than it is read.
"""

import stat
from typing import Self

__all__ = ["Initramfs"]

_MAGIC = b"070701"
_TRAILER = "TRAILER!!!"
_ALIGN_BYTES = 4
_BLOCK_BYTES = 512


class Initramfs:
    """An archive that grows by what is added; everything in it belongs to root, dated 1970."""

    def __init__(self) -> None:
        self._out = bytearray()
        self._inode = 0
        self._dirs: set[str] = set()

    def directory(self, path: str) -> Self:
        """Add the directory `path` and those above it, each once."""
        parts = path.strip("/").split("/")
        for depth in range(1, len(parts) + 1):
            name = "/".join(parts[:depth])
            if name not in self._dirs:
                self._dirs.add(name)
                self._entry(name, stat.S_IFDIR | 0o755)
        return self

    def file(self, path: str, data: bytes, *, mode: int = 0o644) -> Self:
        """Add a regular file and the directories above it."""
        self._below(path)
        return self._entry(path, stat.S_IFREG | mode, data)

    def character_device(self, path: str, major: int, minor: int) -> Self:
        """Add a character device and the directories above it."""
        self._below(path)
        return self._entry(path, stat.S_IFCHR | 0o600, device=(major, minor))

    def finish(self) -> bytes:
        """Return the whole archive; nothing can be added after."""
        self._inode = -1  # the trailer has inode number 0
        self._entry(_TRAILER, 0)
        self._pad(_BLOCK_BYTES)
        return bytes(self._out)

    def _below(self, path: str) -> None:
        if parent := path.strip("/").rpartition("/")[0]:
            self.directory(parent)

    def _entry(
        self, path: str, mode: int, data: bytes = b"", *, device: tuple[int, int] = (0, 0)
    ) -> Self:
        self._inode += 1
        name = path.strip("/").encode() + b"\0"
        uid = gid = mtime = device_major = device_minor = checksum = 0
        links = 1
        fields = [self._inode, mode, uid, gid, links, mtime, len(data)]
        fields += [device_major, device_minor, *device, len(name), checksum]
        self._out += _MAGIC + b"".join(b"%08x" % field for field in fields) + name
        self._pad(_ALIGN_BYTES)
        self._out += data
        self._pad(_ALIGN_BYTES)
        return self

    def _pad(self, multiple: int) -> None:
        self._out += bytes(-len(self._out) % multiple)
