"""Pictures of screens: read from PPM, shown and saved as PNG."""

import base64
import struct
import zlib
from pathlib import Path

import pytest

from vmnb.core.errors import SpecError
from vmnb.core.picture import Picture

RGB = bytes(range(2 * 3 * 3))
PICTURE = Picture(of="web", width=2, height=3, rgb=RGB)


def pixels(png: bytes) -> tuple[int, int, bytes]:
    """Read the PNG files that are written here: true colour, no filters."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, at = {}, 8
    while at < len(png):
        length, kind = struct.unpack_from(">I4s", png, at)
        chunks[kind] = data = png[at + 8 : at + 8 + length]
        (check,) = struct.unpack_from(">I", png, at + 8 + length)
        assert check == zlib.crc32(kind + data)
        at += 12 + length
    width, height = struct.unpack_from(">II", chunks[b"IHDR"])
    rows = zlib.decompress(chunks[b"IDAT"])
    stride = 3 * width + 1
    return width, height, b"".join(rows[i + 1 : i + stride] for i in range(0, len(rows), stride))


def test_a_picture_is_read_from_what_qemu_writes() -> None:
    assert Picture.from_ppm(b"P6\n2 3\n255\n" + RGB, of="web") == PICTURE


@pytest.mark.parametrize("ppm", [b"", b"P5\n2 3\n255\n" + RGB, b"P6\n2 3\n255\n" + RGB[1:]])
def test_what_is_no_whole_picture_is_refused(ppm: bytes) -> None:
    with pytest.raises(ValueError, match="PPM"):
        Picture.from_ppm(ppm, of="web")


def test_the_png_has_the_same_pixels() -> None:
    assert pixels(PICTURE.png) == (2, 3, RGB)


def test_it_is_shown_as_a_picture_and_as_a_line_that_is_always_the_same() -> None:
    bundle = PICTURE._repr_mimebundle_()
    assert base64.b64decode(bundle["image/png"]) == PICTURE.png
    assert bundle["text/plain"] == repr(PICTURE) == "<screen of 'web': 2 x 3>"


def test_it_is_saved(tmp_path: Path) -> None:
    PICTURE.save(tmp_path / "web.png")
    assert (tmp_path / "web.png").read_bytes() == PICTURE.png
    with pytest.raises(SpecError, match="No such file or directory"):
        PICTURE.save(tmp_path / "nowhere" / "web.png")
