"""The text in a picture of a screen, as tesseract reads it."""

import asyncio
from collections.abc import Iterator

from vmnb.core.errors import BackendError, CapabilityError, ImageError
from vmnb.core.picture import Picture
from vmnb.images.command import find, run

__all__ = ["read_text", "require_reader"]

_READER = "tesseract"
_SCALE = 3
"""It was made for print: the letters of a text console are too small for it."""

_ONE_BLOCK = "6"
_SAMPLE = 97
"""Every so many bytes of a picture are enough to tell dark from light."""

_INVERTED = bytes(255 - value for value in range(256))


def require_reader() -> None:
    """Raise CapabilityError where this machine cannot read text from pictures."""
    if find(_READER) is None:
        raise CapabilityError(
            f"text on a screen cannot be read here: there is no {_READER} on this machine",
            hint="install it: apt-get install tesseract-ocr",
        )


async def read_text(picture: Picture) -> str:
    """Return the text in `picture`, line by line; letters that look alike may be mistaken.

    Raises
    ------
    CapabilityError
        There is no tesseract on this machine.
    BackendError
        It failed.
    """
    require_reader()
    page = await asyncio.to_thread(_page, picture)
    command = [_READER, "stdin", "stdout", "--psm", _ONE_BLOCK, "-c", "preserve_interword_spaces=1"]
    try:
        # One thread: several are slower for a page as small as this.
        said = await run(command, stdin=page, env={"OMP_THREAD_LIMIT": "1"})
    except ImageError as error:
        raise BackendError(
            f"the text on the screen of {picture.of!r} could not be read: {error.message}",
            hint=f"is {_READER} installed whole, with its data for English?",
        ) from error
    lines = said.decode(errors="replace").splitlines()
    return "\n".join(line.rstrip() for line in lines if line.strip())


def _page(picture: Picture) -> bytes:
    """Return the picture as the reader likes it: a PPM file, large, dark on light."""
    sample = picture.rgb[::_SAMPLE]
    is_dark = sum(sample) < 128 * len(sample)
    rgb = picture.rgb.translate(_INVERTED) if is_dark else picture.rgb
    head = b"P6\n%d %d\n255\n" % (_SCALE * picture.width, _SCALE * picture.height)
    return head + b"".join(_enlarged_rows(rgb, 3 * picture.width))


def _enlarged_rows(rgb: bytes, stride: int) -> Iterator[bytes]:
    for start in range(0, len(rgb), stride):
        row, wide = rgb[start : start + stride], bytearray(_SCALE * stride)
        for colour in range(3):
            for place in range(_SCALE):
                wide[3 * place + colour :: 3 * _SCALE] = row[colour::3]
        yield bytes(wide) * _SCALE
