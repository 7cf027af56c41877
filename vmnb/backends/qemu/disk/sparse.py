"""Files with holes, read and copied without them."""

import os
from collections.abc import Iterator

__all__ = ["copy_sparse", "data_pieces", "is_zero"]

_PIECE = 1 << 20
_GRAIN = 1 << 16


def data_pieces(descriptor: int) -> Iterator[tuple[int, memoryview]]:
    """Yield what a file has beside its holes, in pieces, each with its place in the file.

    A place is a multiple of the pieces' size, 1 MiB, wherever holes end: that depends on the file
    system. The next piece takes the place of the one before.
    """
    size = os.fstat(descriptor).st_size
    buffer = memoryview(bytearray(_PIECE))
    offset = 0
    while offset < size:
        try:
            offset = os.lseek(descriptor, offset, os.SEEK_DATA) // _PIECE * _PIECE
        except OSError:  # ENXIO: nothing but a hole from here on (lseek(2))
            return
        count = os.preadv(descriptor, [buffer], offset)
        yield offset, buffer[:count]
        offset += count


def is_zero(piece: memoryview) -> bool:
    """Return whether there are only zeros in it."""
    return piece.tobytes() == bytes(len(piece))  # two memoryviews are compared byte by byte


def copy_sparse(source: int, target: int) -> None:
    """Make `target` a copy of `source` with holes where there are only zeros."""
    os.ftruncate(target, os.fstat(source).st_size)
    for offset, piece in data_pieces(source):
        _write_grains(target, piece, offset)


def _write_grains(target: int, piece: memoryview, offset: int) -> None:
    """Write the runs of grains that are not all zeros."""
    start = None
    for at in range(0, len(piece) + _GRAIN, _GRAIN):
        grain = piece[at : at + _GRAIN]
        is_data = len(grain) > 0 and not is_zero(grain)
        if is_data and start is None:
            start = at
        elif not is_data and start is not None:
            os.pwrite(target, piece[start:at], offset + start)
            start = None
