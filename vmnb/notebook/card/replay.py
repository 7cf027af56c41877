"""The replay of a console in a notebook's file: a recording, packed, in an output's metadata."""

import base64
import binascii
import zlib

from vmnb.console.cast import Cast
from vmnb.core.errors import SpecError

__all__ = ["RECORDED_BYTES", "UNRECORDED_BYTES", "packed", "unpacked"]

UNRECORDED_BYTES = 32 * 1024
"""Most bytes of a replay that nobody asked for: the end of what the console said."""
RECORDED_BYTES = 256 * 1024
"""Most bytes of a replay of a recording; the file of the recording has all of it."""
_UNPACKED_MAX = 32 * 1024 * 1024
_HALVINGS = 12


def packed(cast: Cast, limit: int) -> str:
    """Return the recording, or as much of its end as fits into `limit` bytes; empty for nothing."""
    size = sum(len(data) for _, _, data in cast.events)
    for _ in range(_HALVINGS):
        text = base64.b64encode(zlib.compress(cast.dumps().encode(errors="replace"), 9)).decode()
        if len(text) <= limit:
            return text if cast.events else ""
        size //= 2
        cast = cast.newest(size)
    return ""


def unpacked(text: str) -> Cast:
    """Return the recording that :func:`packed` packed.

    Raises
    ------
    SpecError
        It did not, or it is too large.
    """
    unpacker = zlib.decompressobj()
    try:
        data = unpacker.decompress(base64.b64decode(text, validate=True), _UNPACKED_MAX)
    except (TypeError, ValueError, binascii.Error, zlib.error) as error:
        raise SpecError("the replay in the notebook is damaged") from error
    if not unpacker.eof:
        raise SpecError("the replay in the notebook is damaged, or too large")
    return Cast.loads(data.decode(errors="replace"))
