"""Files with holes, read without them."""

import os
from collections.abc import Iterator

__all__ = ["data_pieces"]

_PIECE = 1 << 20


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
