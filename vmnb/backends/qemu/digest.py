"""What tells whether a file is still as it was written, whatever its holes."""

import hashlib
import os
from pathlib import Path

__all__ = ["file_digest"]

_PIECE = 1 << 20


def file_digest(path: Path) -> str:
    """Return the digest of a file's size and of all in it that is not zero."""
    digest = hashlib.blake2b(digest_size=32)
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        digest.update(size.to_bytes(8, "big"))
        buffer = memoryview(bytearray(_PIECE))
        offset = 0
        while offset < size:
            try:
                # To a piece's beginning: where holes end depends on the file system.
                offset = os.lseek(file.fileno(), offset, os.SEEK_DATA) // _PIECE * _PIECE
            except OSError:  # ENXIO: nothing but a hole from here on (lseek(2))
                break
            count = os.preadv(file.fileno(), [buffer], offset)
            if buffer[:count] != bytes(count):
                digest.update(offset.to_bytes(8, "big"))
                digest.update(buffer[:count])
            offset += count
    return digest.hexdigest()
