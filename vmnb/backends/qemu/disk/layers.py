"""A VM's disk: a chain of QCOW2 files in its work directory, of which the newest alone is written.

``disk.qcow2`` is a link to the newest. Each names the one below it without its directory, so that
hard links to all of them in another directory are the same disk, for as long as anybody has one.
"""

import errno
import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple
from uuid import uuid4

from vmnb.backends.qemu.disk.sparse import copy_sparse
from vmnb.core.errors import BackendError

__all__ = [
    "chain",
    "disk_size_bytes",
    "image_below",
    "layers_in",
    "link_chain",
    "name_below",
    "new_layer",
    "put_on_top",
]

_HEADER = struct.Struct(">4sIQIIQ")
_MAGIC = b"QFI\xfb"


def new_layer(directory: Path) -> Path:
    """Return a name in `directory` for one more layer."""
    return directory / f"layer-{uuid4().hex[:12]}.qcow2"


def layers_in(directory: Path) -> list[Path]:
    """Return the layers that `directory` has, in no order."""
    return list(directory.glob("layer-*.qcow2"))


def put_on_top(layer: Path, disk: Path) -> None:
    """Make `layer` the newest of the disk that the link `disk` stands for, at once."""
    link = disk.with_name(f".{disk.name}")
    link.unlink(missing_ok=True)
    link.symlink_to(layer.name)
    link.replace(disk)


def chain(layer: Path) -> Iterator[Path]:
    """Yield `layer` and those below it, in the same directory, newest first."""
    while True:
        yield layer
        below = name_below(layer)
        if below is None or "/" in below:  # an image lies in a place of its own
            return
        layer = layer.parent / below


def link_chain(layer: Path, directory: Path) -> None:
    """Give `directory` a link to `layer` and to each below it.

    Where it is on another file system, it gets copies: nobody writes to these any more.
    """
    for each in chain(layer):
        try:
            os.link(each, directory / each.name)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            _copy(each, directory / each.name)


def image_below(layer: Path) -> Path | None:
    """Return the image on which `layer` stands itself; None where that is another layer.

    Raises
    ------
    OSError, BackendError
        It cannot be read.
    """
    below = name_below(layer)
    return Path(below) if below is not None and "/" in below else None


def name_below(layer: Path) -> str | None:
    """Return what the layer's header calls the file below: its name, or the path of an image."""
    with layer.open("rb") as file:
        header = _Header.of(file, layer)
        if header.backing_offset == 0:
            return None
        file.seek(header.backing_offset)
        return file.read(header.backing_size).decode()


def disk_size_bytes(layer: Path) -> int:
    """Return how large the disk is for its guest."""
    with layer.open("rb") as file:
        return _Header.of(file, layer).size


def _copy(layer: Path, target: Path) -> None:
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as copy, layer.open("rb") as original:
        copy_sparse(original.fileno(), copy.fileno())


class _Header(NamedTuple):
    """The first fields of a QCOW2 file (docs/interop/qcow2.txt of QEMU)."""

    magic: bytes
    version: int
    backing_offset: int
    backing_size: int
    cluster_bits: int
    size: int

    @classmethod
    def of(cls, file: BinaryIO, path: Path) -> "_Header":
        said = file.read(_HEADER.size)
        if not said.startswith(_MAGIC) or len(said) < _HEADER.size:
            raise BackendError(
                f"{path} is no QCOW2 file any more", hint="destroy the VM, and make it anew"
            )
        return cls(*_HEADER.unpack(said))
