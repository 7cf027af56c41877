"""Which format a disk image has, told by its content and never by its name alone.

QEMU opens a file of an unstated format as whatever its first bytes look like, and a QCOW2 header
may name any file of the host as its backing. So the bytes are looked at here, before any tool opens
the file, and headers that refer to other files are refused.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

from vmnb.core.errors import ImageError

__all__ = ["SUPPORTED", "recognise", "refers_to_others"]

SUPPORTED = ("qcow2", "raw", "vmdk", "vdi", "vhdx")

SECTOR_BYTES = 512
_HEAD_BYTES = 0x10000 + 0x48  # up to and with the magic of btrfs, the furthest one looked for
_VDI_MAGIC_AT = 64
_EXTERNAL_DATA_FILE = 1 << 2  # QCOW2's incompatible feature bit 2 (docs/interop/qcow2.txt)

_DISKS = {
    0: {b"QFI\xfb": "qcow2", b"KDMV": "vmdk", b"vhdxfile": "vhdx"},
    _VDI_MAGIC_AT: {b"\x7f\x10\xda\xbe": "vdi"},
}
_UNSUPPORTED = {
    b"# Disk DescriptorFile": "a VMDK description of other files",
    b"COWD": "a VMDK of the old ESX kind",
    b"conectix": "a VHD image (Virtual PC)",
    b"QED\0": "a QED image",
    b"WithoutFreeSpace": "a Parallels image",
    b"WithouFreSpacExt": "a Parallels image",
    b"LUKS\xba\xbe": "a LUKS encrypted volume",
    b"OOOM": "a user-mode Linux COW image",
}
_PACKED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ\0": "xz",
    b"\x28\xb5\x2f\xfd": "zstd",
    b"PK\x03\x04": "zip",
    b"7z\xbc\xaf": "7-zip",
}
_RAW_SIGNS = (
    (510, b"\x55\xaa"),  # a boot sector: an MBR, a FAT or NTFS file system
    (512, b"EFI PART"),  # a GUID partition table
    (1080, b"\x53\xef"),  # ext2, ext3, ext4
    (0, b"XFSB"),
    (0, b"hsqs"),  # squashfs
    (32769, b"CD001"),  # ISO 9660
    (0x10040, b"_BHRfS_M"),  # btrfs
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Head:
    called: str
    data: bytes
    suffix: str
    size_bytes: int

    def has(self, offset: int, magic: bytes) -> bool:
        return self.data[offset : offset + len(magic)] == magic

    def begins(self, magics: dict[bytes, str]) -> str | None:
        return next((name for magic, name in magics.items() if self.has(0, magic)), None)


def recognise(path: Path, called: str = "") -> str:
    """Return the format of the disk image at `path`, one of `SUPPORTED`.

    Errors speak of it as `called`, where that is not its path.

    A file is *raw* when it has no known header but carries a partition table, a boot sector or a
    file system, or when it is called ``*.raw`` or ``*.img`` and is a whole number of 512-byte
    sectors (a disk that is still blank, say).

    Raises
    ------
    ImageError
        The file is empty, of a format that is not supported, not a disk image at all, or it refers
        to other files.
    OSError
        It cannot be read.
    """
    with path.open("rb") as file:
        head = _Head(
            called=called or str(path),
            data=file.read(_HEAD_BYTES),
            suffix=path.suffix,
            size_bytes=path.stat().st_size,
        )
    if not head.data:
        raise ImageError(f"{head.called} is empty", hint="give the path of a disk image")
    _refuse_unsupported(head)
    for offset, magics in _DISKS.items():
        for magic, name in magics.items():
            if head.has(offset, magic):
                _refuse_references(head, name)
                return name
    if _looks_raw(head):
        return "raw"
    raise ImageError(
        f"{head.called} is not a disk image: it has no header of {', '.join(SUPPORTED)}, "
        "no partition table and no file system",
        hint='if it is a raw disk all the same, give it a name that ends in ".raw" and a size that '
        "is a multiple of 512 bytes",
    )


def _looks_raw(head: _Head) -> bool:
    if any(head.has(offset, magic) for offset, magic in _RAW_SIGNS):
        return True
    return head.suffix in {".raw", ".img"} and head.size_bytes % SECTOR_BYTES == 0


def _refuse_unsupported(head: _Head) -> None:
    if packing := head.begins(_PACKED):
        raise ImageError(f"{head.called} is packed with {packing}", hint="unpack it first")
    kind = head.begins(_UNSUPPORTED)
    if head.has(0, b"QFI\xfb\0\0\0\x01"):
        kind = "a QCOW image of version 1"
    if kind:
        raise ImageError(
            f"{head.called} is {kind}, which is not supported",
            hint="convert it: qemu-img convert -O qcow2 OLD NEW.qcow2",
        )


def _refuse_references(head: _Head, name: str) -> None:
    if len(head.data) < SECTOR_BYTES:
        raise ImageError(
            f"{head.called} begins like {name} but is only {head.size_bytes} bytes long",
            hint="it may be cut off: get it again",
        )
    if name == "qcow2":
        version, backing_offset = struct.unpack_from(">IQ", head.data, 4)
        features = struct.unpack_from(">Q", head.data, 72)[0] if version >= 3 else 0
        if backing_offset:
            raise refers_to_others(head.called, "a backing file")
        if features & _EXTERNAL_DATA_FILE:
            raise refers_to_others(head.called, "an external data file")
    if name == "vmdk" and not struct.unpack_from("<Q", head.data, 12)[0]:
        # A capacity of 0 makes QEMU take the description inside, which may name any file.
        raise refers_to_others(head.called, "a description of other files")


def refers_to_others(called: str, what: str) -> ImageError:
    """Make the error for an image that is not whole in itself."""
    return ImageError(
        f"{called} has {what}: a guest could read other files of this machine through it",
        hint="make one whole image of it, if you trust it: qemu-img convert -O qcow2 OLD NEW.qcow2",
    )
