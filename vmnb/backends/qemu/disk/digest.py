"""What tells whether a file is still as it was written, whatever its holes."""

import hashlib
import os
from pathlib import Path

from vmnb.backends.qemu.disk.sparse import data_pieces, is_zero

__all__ = ["file_digest"]


def file_digest(path: Path) -> str:
    """Return the digest of a file's size and of all in it that is not zero."""
    digest = hashlib.blake2b(digest_size=32)
    with path.open("rb", buffering=0) as file:
        digest.update(os.fstat(file.fileno()).st_size.to_bytes(8, "big"))
        for offset, piece in data_pieces(file.fileno()):
            if not is_zero(piece):
                digest.update(offset.to_bytes(8, "big"))
                digest.update(piece)
    return digest.hexdigest()
