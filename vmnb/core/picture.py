"""A still picture of a guest's screen: its pixels, and the same as a PNG file."""

import base64
import os
import re
import struct
import zlib
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from vmnb.core.errors import SpecError

__all__ = ["Picture"]

_PPM = re.compile(rb"P6\s+(\d+)\s+(\d+)\s+255\s")
_TRUE_COLOUR = (8, 2, 0, 0, 0)  # bits, colour type, and the only ways there are of the rest
_QUICK = 3
"""zlib's level: a screen is mostly one colour, so to try harder takes long and saves little."""


@dataclass(frozen=True, kw_only=True)
class Picture:
    """What was on a screen; shown in a cell, it is a picture.

    Parameters
    ----------
    of
        The VM's name.
    width, height
        In pixels.
    rgb
        Three bytes for each pixel, row by row from the top.
    """

    of: str
    width: int
    height: int
    rgb: bytes = field(repr=False)

    @classmethod
    def from_ppm(cls, ppm: bytes, of: str) -> Self:
        """Read a picture in the format that every QEMU writes.

        Raises
        ------
        ValueError
            It is of another format, or not whole.
        """
        head = _PPM.match(ppm)
        if head is None:
            raise ValueError("no PPM file")
        width, height = int(head[1]), int(head[2])
        rgb = ppm[head.end() :]
        if not rgb or len(rgb) != 3 * width * height:
            raise ValueError(f"a PPM file of {width} x {height} pixels has {len(rgb)} bytes")
        return cls(of=of, width=width, height=height, rgb=rgb)

    @cached_property
    def png(self) -> bytes:
        """The picture as a PNG file."""
        stride = 3 * self.width
        # Before each row its filter: none.
        rows = b"".join(
            b"\0" + self.rgb[start : start + stride] for start in range(0, len(self.rgb), stride)
        )
        header = struct.pack(">II5B", self.width, self.height, *_TRUE_COLOUR)
        chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, _QUICK)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to a PNG file; one of that name is replaced.

        Raises
        ------
        SpecError
            There it cannot be written.
        """
        try:
            Path(path).write_bytes(self.png)
        except OSError as error:
            raise SpecError(
                f"cannot write the picture to {path}: {error.strerror}",
                hint="name a file in a directory that is there and yours",
            ) from error

    def __repr__(self) -> str:
        return f"<screen of {self.of!r}: {self.width} x {self.height}>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/plain": repr(self), "image/png": base64.b64encode(self.png).decode()}


def _chunk(kind: bytes, data: bytes) -> bytes:
    check = zlib.crc32(kind + data)
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)
