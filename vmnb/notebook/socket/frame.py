"""A message and its buffers as one frame of a WebSocket; see ``frontend/src/kernel/frame.ts``.

Four bytes (big-endian) say how long the header is, which is JSON: the message and the buffers'
sizes. The buffers follow.
"""

import json
import struct

from vmnb.notebook.widget.talk import Message

__all__ = ["pack", "unpack"]

_LENGTH = struct.Struct(">I")


def pack(message: Message, buffers: list[bytes]) -> bytes:
    """Return the frame of a message."""
    header = json.dumps({"message": message, "sizes": [len(part) for part in buffers]}).encode()
    return b"".join((_LENGTH.pack(len(header)), header, *buffers))


def unpack(frame: bytes) -> tuple[Message, list[bytes]]:
    """Return the message of a frame and its buffers.

    Raises
    ------
    ValueError
        It is no frame of ours.
    """
    try:
        (length,) = _LENGTH.unpack_from(frame)
        start = _LENGTH.size + length
        header = json.loads(frame[_LENGTH.size : start])
        message, buffers = header["message"], []
        for size in header["sizes"]:
            if size < 0:
                raise ValueError("a size is negative")
            buffers.append(frame[start : start + size])
            start += size
    except (struct.error, KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"not a frame: {error}") from error
    if start != len(frame) or not isinstance(message, dict):
        raise ValueError("not a frame: its parts do not fit together")
    return message, buffers
