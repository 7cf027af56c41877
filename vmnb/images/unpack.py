"""Copying a file into the cache: unpacked on the way, with holes where it is blank.

A small file can unpack to more than any disk holds, so what comes out is held against what went in.
"""

import lzma
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, Protocol

import zstandard

from vmnb.core.errors import ImageError
from vmnb.core.progress import report_bytes
from vmnb.images.checksum import Hashes

__all__ = ["copy", "packing_of"]

_HARMLESS_BYTES = 256 << 20  # whatever unpacks to no more than this does no harm
_RATIO_MAX = 200  # a disk with a system on it packs to a third or a tenth, a blank one to nothing
_MEMORY_BYTES = 256 << 20
_WINDOW_BYTES = 128 << 20  # what zstd itself unpacks unless it is told otherwise
_PLAIN_BYTES = 1 << 20
# So little at a time that what comes out of it stays small too, in the worst case some 30 MiB.
_PACKED_BYTES = 1 << 10
_REPORT_BYTES = 8 << 20


class _Unpacker(Protocol):
    """What the three libraries have in common."""

    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, /) -> bytes: ...


def _xz() -> _Unpacker:
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_MEMORY_BYTES)


def _zstd() -> _Unpacker:
    return zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).decompressobj()


_UNPACKERS: Mapping[str, tuple[bytes, Callable[[], _Unpacker]]] = {
    "gzip": (b"\x1f\x8b", lambda: zlib.decompressobj(wbits=31)),
    "xz": (b"\xfd7zXZ\0", _xz),
    "zstd": (b"\x28\xb5\x2f\xfd", _zstd),
}


def packing_of(path: Path) -> str | None:
    """Return what the regular file `path` is packed with, told by its content; None if it is not.

    Raises
    ------
    OSError
        It cannot be read.
    """
    with path.open("rb") as file:
        head = file.read(max(len(magic) for magic, _ in _UNPACKERS.values()))
    return next((name for name, (magic, _) in _UNPACKERS.items() if head.startswith(magic)), None)


def copy(source: Path, target: Path, called: str) -> dict[str, str]:
    """Copy `source` to the new file `target`, unpacked if it is packed; return its digests.

    For a thread; :mod:`vmnb.core.progress` is told. What is left of `target` after an error is the
    caller's to remove. Errors speak of `source` as `called`.

    Raises
    ------
    ImageError
        `source` is damaged, was cut off, or unpacks to too much.
    OSError
        It cannot be read, or `target` cannot be written.
    """
    packing = packing_of(source)
    what = f"unpacking {called}" if packing else f"copying {called}"
    hashes = Hashes()
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with source.open("rb") as packed, os.fdopen(descriptor, "wb") as out:
        read = _told(packed, what, _PACKED_BYTES if packing else _PLAIN_BYTES)
        for data in _bounded(_unpacked(read, packing, called), packed, called) if packing else read:
            hashes.update(data)
            if data.strip(b"\0"):
                out.write(data)
            else:
                out.seek(len(data), os.SEEK_CUR)
        out.truncate()
    return hashes.digests()


def _told(file: BinaryIO, what: str, piece_bytes: int) -> Iterator[bytes]:
    total, done, told = os.fstat(file.fileno()).st_size, 0, 0
    while data := file.read(piece_bytes):
        yield data
        done += len(data)
        if done - told >= _REPORT_BYTES or done == total:
            report_bytes(what, done, total)
            told = done


def _unpacked(pieces: Iterator[bytes], packing: str, called: str) -> Iterator[bytes]:
    """Yield what is in one or more packed streams, one after the other."""
    make = _UNPACKERS[packing][1]
    unpacker: _Unpacker | None = None
    try:
        for piece in pieces:
            rest = piece
            while rest:
                if unpacker is None:
                    rest = rest.lstrip(b"\0")  # streams may be padded
                    unpacker = make() if rest else None
                    continue
                if out := unpacker.decompress(rest):
                    yield out
                rest, unpacker = (unpacker.unused_data, None) if unpacker.eof else (b"", unpacker)
    except (zlib.error, lzma.LZMAError, zstandard.ZstdError) as error:
        raise ImageError(
            f"cannot unpack {called} with {packing}: {error}",
            hint="it may be damaged: get it again",
        ) from error
    if unpacker is not None:
        raise ImageError(
            f"cannot unpack {called} with {packing}: it ends too early",
            hint="it may be cut off: get it again",
        )


def _bounded(pieces: Iterator[bytes], packed: BinaryIO, called: str) -> Iterator[bytes]:
    """Yield `pieces` for as long as they are in proportion to what was read of `packed`."""
    done = 0
    for data in pieces:
        done += len(data)
        if done > max(_HARMLESS_BYTES, packed.tell() * _RATIO_MAX):
            raise ImageError(
                f"{called} unpacks to more than {_RATIO_MAX} times its size, "
                "as no disk with a system on it does",
                hint="unpack it yourself, if you trust it, and give the path of what comes out",
            )
        yield data
