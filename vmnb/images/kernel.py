"""A distribution's kernel, made quick to start: bare instead of packed, and its modules in order.

A packed kernel unpacks itself on the guest's processor, which takes seconds where that is emulated.
The bare ELF file inside has an entry for PVH boots, by which QEMU starts it directly
(the kernel's ``Documentation/arch/x86/boot.rst`` has the header's fields, QEMU's
``docs/system/i386`` names PVH; Xen's ``docs/misc/pvh.pandoc`` defines it).
"""

import asyncio
import lzma
import re
import struct
import zlib
from pathlib import Path

from vmnb.core.errors import ImageError
from vmnb.images.command import run
from vmnb.images.tools import Tools

__all__ = ["Modules", "unpack_kernel"]

_SECTOR_BYTES = 512
_PAGE_BYTES = 4096
_PT_LOAD = 1
_SIGNATURE_END = b"~Module signature appended~\n"
_SIGNATURE_INFO_BYTES = 12  # struct module_signature, which ends with the length of the signature


async def unpack_kernel(vmlinuz: bytes, tools: Tools) -> bytes:
    """Return the bare ELF kernel that is packed in `vmlinuz`, without the zeros it need not carry.

    `tools` has zstd for kernels that are packed with it.
    """
    setup_sectors = vmlinuz[0x1F1]
    offset, length = struct.unpack_from("<II", vmlinuz, 0x248)
    start = (setup_sectors + 1) * _SECTOR_BYTES + offset
    kernel = await _unpack(vmlinuz[start : start + length], tools)
    if not kernel.startswith(b"\x7fELF"):
        raise ImageError("the packed kernel has no ELF file inside")
    return await asyncio.to_thread(_without_zeros, kernel)


async def _unpack(payload: bytes, tools: Tools) -> bytes:
    if payload.startswith(b"\xfd7zXZ"):
        return await asyncio.to_thread(lzma.LZMADecompressor().decompress, payload)
    if payload.startswith(b"\x1f\x8b"):
        return await asyncio.to_thread(zlib.decompressobj(wbits=31).decompress, payload)
    if payload.startswith(b"\x28\xb5\x2f\xfd"):
        # The last four bytes are not of the stream: they say how long the kernel is.
        return await run([await tools.path("zstd"), "-dcq"], stdin=payload[:-4], env=tools.env)
    raise ImageError(f"the kernel is packed in an unknown way ({payload[:4].hex()})")


def _without_zeros(elf: bytes) -> bytes:
    """Cut the zeros at the end of each segment: QEMU puts them there without reading a file."""
    kernel = bytearray(elf)
    table = struct.unpack_from("<Q", kernel, 32)[0]
    count = struct.unpack_from("<H", kernel, 56)[0]
    end = 0
    for at in range(table, table + 56 * count, 56):
        kind = struct.unpack_from("<I", kernel, at)[0]
        offset, size = (struct.unpack_from("<Q", kernel, at + field)[0] for field in (8, 32))
        if kind == _PT_LOAD:
            used = len(kernel[offset : offset + size].rstrip(b"\0"))
            used = min(size, -(-used // _PAGE_BYTES) * _PAGE_BYTES)
            struct.pack_into("<Q", kernel, at + 32, used)
            end = max(end, offset + used)
    struct.pack_into("<Q", kernel, 40, 0)  # the section headers are behind what is kept
    struct.pack_into("<HHH", kernel, 58, 0, 0, 0)
    return bytes(kernel[:end])


class Modules:
    """The kernel modules below a directory, with what each needs.

    Parameters
    ----------
    directory
        ``lib/modules/RELEASE`` of an unpacked kernel package; its modules may be packed with xz.
    """

    def __init__(self, directory: Path) -> None:
        self.release = directory.name
        self._paths = {_name(path): path for path in directory.rglob("*.ko*")}
        builtin = (directory / "modules.builtin").read_text().split()
        self._builtin = {_name(Path(path)) for path in builtin}

    def has(self, name: str) -> bool:
        """Return whether there is a module of that name that is not built in."""
        return name in self._paths

    def closure(self, wanted: tuple[str, ...]) -> list[str]:
        """Return `wanted` with what they need, each behind its needs, without what is built in."""
        order: dict[str, None] = {}
        for name in wanted:
            if name in self._paths:
                order.update(dict.fromkeys([*self.closure(self.needs(name)), name]))
            elif name not in self._builtin:
                raise ImageError(f"the kernel {self.release} has no module {name}")
        return list(order)

    def needs(self, name: str) -> tuple[str, ...]:
        """Return the modules that `name` says it needs itself."""
        found = re.search(rb"(?:^|\0)depends=([^\0]*)\0", self.load(name))
        listed = found[1].decode().replace("-", "_") if found else ""
        return tuple(filter(None, listed.split(",")))

    def load(self, name: str) -> bytes:
        """Return the module's content without its signature and its type information (BTF).

        To check the one and to read the other, which serves BPF programs, takes an emulated
        processor longer than to load the module.
        """
        path = self._paths[name]
        data = path.read_bytes()
        if path.suffix == ".xz":
            data = lzma.decompress(data)
        if data.endswith(_SIGNATURE_END):
            end = len(data) - len(_SIGNATURE_END)
            length = struct.unpack_from(">I", data, end - 4)[0]
            data = data[: end - _SIGNATURE_INFO_BYTES - length]
        return data.replace(b"\0.BTF\0", b"\0.off\0")  # a section of unknown name is not looked at

    def dependency_file(self, names: list[str]) -> bytes:
        """Return a ``modules.dep`` for `names`, all in one directory."""
        lines = []
        for name in names:
            needs = reversed(self.closure(self.needs(name)))
            lines.append(f"{name}.ko: {' '.join(f'{need}.ko' for need in needs)}\n")
        return "".join(lines).encode()


def _name(path: Path) -> str:
    return path.name.partition(".")[0].replace("-", "_")
