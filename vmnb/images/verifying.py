"""Reading a disk of the library again, to see whether it is as it was when it came."""

import hashlib

from vmnb.core.progress import report_bytes
from vmnb.images.library import LibraryImage

__all__ = ["is_intact"]

_CHUNK_BYTES = 1 << 20


def is_intact(image: LibraryImage) -> bool:
    """Return whether every byte of its disk is as it was; for a thread."""
    digest, done = hashlib.sha256(), 0
    try:
        with image.disk.open("rb") as file:
            while data := file.read(_CHUNK_BYTES):
                digest.update(data)
                done += len(data)
                report_bytes(f"reading {image.name}", done, image.file_size_bytes)
    except OSError:
        return False
    return digest.hexdigest() == image.sha256
