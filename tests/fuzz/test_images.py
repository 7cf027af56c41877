"""Images, manifests and archives of others: taken whole, or refused in words."""

import asyncio
import gzip
import io
import json
import lzma
import os
import shutil
import tarfile
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import example, given
from hypothesis import strategies as st

from vmnb.core.errors import GuestError, ImageError
from vmnb.guest.unpack import unpack
from vmnb.images.formats import recognise
from vmnb.images.oci import _chosen, _disk_layer, _parsed
from vmnb.images.unpack import copy
from vmnb.images.userfile import disk_facts

from .inputs import FEW, JSON, LINES, MANY, damaged, refused_in_words

HEADER = b"QFI\xfb" + (3).to_bytes(4) + bytes(16) + (1 << 20).to_bytes(8) + bytes(480)
DISK = HEADER[:20] + (16).to_bytes(4) + HEADER[24:]
DIGEST = "sha256:" + "0" * 64
MANIFEST = JSON("layers", "manifests", "digest", "size", "mediaType", "annotations", "platform")


@given(data=damaged(DISK, b"KDMV" + bytes(508), bytes(510) + b"\x55\xaa", b"\x1f\x8b" + bytes(20)))
@MANY
def test_a_header_is_recognised_or_refused(data: bytes, folder: Path) -> None:
    path = folder / "disk"
    path.write_bytes(data)
    try:
        kind = recognise(path)
    except ImageError:
        return
    assert kind != "qcow2" or data[8:16] == bytes(8)


@given(data=damaged(DISK.ljust(1 << 17, b"\0")))
@FEW
def test_a_disk_that_is_none_is_refused_in_words(data: bytes, folder: Path) -> None:
    path = folder / "disk.img"
    path.write_bytes(data)
    with refused_in_words(ImageError):
        assert asyncio.run(disk_facts(path)).size_bytes >= 0


PACKED = [pack(os.urandom(2000) + bytes(5000)) for pack in (gzip.compress, lzma.compress)]
PACKED.append(zstandard.ZstdCompressor().compress(bytes(range(256)) * 9))


@given(data=damaged(*PACKED))
@MANY
def test_a_packed_image_is_unpacked_or_refused(data: bytes, folder: Path) -> None:
    source, target = folder / "packed", folder / "unpacked"
    source.write_bytes(data)
    target.unlink(missing_ok=True)
    with refused_in_words(ImageError):
        copy(source, target, "it")


@given(st.one_of(MANIFEST, st.lists(MANIFEST).map(lambda found: {"layers": found})))
@MANY
def test_a_manifest_names_a_disk_or_is_refused(manifest: Any) -> None:
    with refused_in_words(ImageError):
        parsed = _parsed(json.dumps(manifest).encode(), "latest", "it")
        _chosen(parsed, "it") if "manifests" in parsed else _disk_layer(parsed, "it")


@given(LINES)
@MANY
def test_a_manifest_may_be_no_json_at_all(text: str) -> None:
    with pytest.raises(ImageError):
        _disk_layer(_parsed(text.encode(errors="replace"), "latest", "it"), "it")


def test_a_manifest_of_another_digest_is_refused() -> None:
    with pytest.raises(ImageError, match="another digest"):
        _parsed(b"{}", DIGEST, "it")


def archive(**pax: str) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for kind, name in ((tarfile.DIRTYPE, "top"), (tarfile.REGTYPE, "top/a")):
            info = tarfile.TarInfo(name)
            info.type, info.mode, info.size = kind, 0o755, 3 * (kind == tarfile.REGTYPE)
            info.pax_headers = dict(pax)
            tar.addfile(info, io.BytesIO(b"abc"))
    return made.getvalue()


SPARSE = {"GNU.sparse.size": "x", "GNU.sparse.map": "1,y"}
ARCHIVES = [
    archive(),
    archive(mtime="1.5", comment="x"),
    archive(mtime="9" * 400, size="9" * 5000),
    archive(path="top/\udcff"),
    archive(**SPARSE),
    archive(**{"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": "9"}),
]


@given(data=damaged(*ARCHIVES))
@example(data=ARCHIVES[2])
@example(data=ARCHIVES[4])
@example(data=ARCHIVES[5])
@MANY
def test_an_archive_of_a_guest_is_unpacked_in_its_place_or_refused(
    data: bytes, folder: Path
) -> None:
    around = folder / "around"
    shutil.rmtree(around, ignore_errors=True)
    (around / "into").mkdir(parents=True)
    with suppress(GuestError, OSError):
        unpack(io.BytesIO(data), around / "into", lambda _: None)
    assert [path.name for path in around.iterdir()] == ["into"]
