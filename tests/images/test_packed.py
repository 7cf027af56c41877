"""Packed images: unpacked on the way into the cache, and never to more than they may be."""

import asyncio
import gzip
import hashlib
import lzma
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from tests.images.server import Web, content, files_in
from vmnb import images
from vmnb.errors import ImageError
from vmnb.images import BootImage, resolve
from vmnb.images.unpack import copy

Pack = Callable[[bytes], bytes]

PACKS: dict[str, Pack] = {
    "gzip": gzip.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
    "zstd": zstandard.ZstdCompressor().compress,
}


@pytest.fixture(params=PACKS)
def packing(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def pack(packing: str, data: bytes) -> bytes:
    return PACKS[packing](data)


def resolved(path: Path | str) -> BootImage:
    return asyncio.run(resolve(str(path)))


def test_a_packed_image_at_an_address_is_unpacked(
    web: Web, library: Path, qcow2: bytes, packing: str
) -> None:
    packed = pack(packing, qcow2)
    web.answers["/disk"] = content(packed)

    image = images.pull(web.url(), sha256=hashlib.sha256(packed).hexdigest())

    assert image.disk.read_bytes() == qcow2
    assert image.sha256 == hashlib.sha256(qcow2).hexdigest()
    assert not list(library.rglob("*.part"))


def test_a_packed_file_is_unpacked_once_for_as_long_as_it_stays_the_same(
    library: Path, tmp_path: Path, qcow2: bytes, packing: str
) -> None:
    path = tmp_path / "disk of mine, packed"
    path.write_bytes(pack(packing, qcow2))

    image = resolved(path)
    first = image.disk.stat().st_ino
    assert image.disk.read_bytes() == qcow2
    assert resolved(path).disk.stat().st_ino == first
    assert image.name == str(path)
    assert list(images.list()["name"]) == [str(path)]

    disk = (b"\1" * 510 + b"\x55\xaa").ljust(4096, b"\2")
    path.write_bytes(pack(packing, disk))
    assert resolved(path).disk.read_bytes() == disk
    assert image.disk.read_bytes() == qcow2, "VMs may still stand on it"


def test_several_streams_in_one_file_are_one_disk(
    library: Path, tmp_path: Path, qcow2: bytes, packing: str
) -> None:
    path, middle = tmp_path / "disk", len(qcow2) // 2
    path.write_bytes(pack(packing, qcow2[:middle]) + pack(packing, qcow2[middle:]) + bytes(8))

    assert resolved(path).disk.read_bytes() == qcow2


def test_what_was_packed_by_the_usual_programs_is_unpacked(
    library: Path, tmp_path: Path, qcow2: bytes, packing: str
) -> None:
    program = {"gzip": "gzip", "xz": "xz", "zstd": "zstd"}[packing]
    done = subprocess.run([program, "-c"], input=qcow2, check=True, capture_output=True)
    (tmp_path / "disk").write_bytes(done.stdout)

    assert resolved(tmp_path / "disk").disk.read_bytes() == qcow2


def refused(path: Path, cache: Path, words: str) -> None:
    with pytest.raises(ImageError, match=words) as caught:
        resolved(path)
    assert str(path) in str(caught.value)
    assert caught.value.hint
    assert files_in(cache) == []
    assert images.list().empty


def test_a_packed_file_that_was_cut_off_leaves_nothing(
    library: Path, tmp_path: Path, qcow2: bytes, packing: str
) -> None:
    (tmp_path / "disk").write_bytes(pack(packing, qcow2)[:-200])

    refused(tmp_path / "disk", library, f"cannot unpack .* with {packing}: it ends too early")


def test_a_packed_file_that_is_damaged_leaves_nothing(
    library: Path, tmp_path: Path, qcow2: bytes, packing: str
) -> None:
    data = bytearray(pack(packing, b"a disk " * 100_000))
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    (tmp_path / "disk").write_bytes(data)

    refused(tmp_path / "disk", library, f"cannot unpack .* with {packing}")


def test_a_packed_letter_is_no_image(library: Path, tmp_path: Path, packing: str) -> None:
    (tmp_path / "disk").write_bytes(pack(packing, b"Dear reader,\n" * 1000))

    refused(tmp_path / "disk", library, "is not a disk image")


def test_what_is_packed_twice_is_no_image(library: Path, tmp_path: Path, packing: str) -> None:
    (tmp_path / "disk").write_bytes(pack(packing, pack("gzip", b"Dear reader,\n" * 1000)))

    refused(tmp_path / "disk", library, "packed with gzip")


def test_a_packed_image_with_a_backing_file_is_refused(
    library: Path, tmp_path: Path, packing: str
) -> None:
    argv = ["qemu-img", "create", "-f", "qcow2", "-F", "raw", "-b", "/etc/passwd", "leak", "1M"]
    subprocess.run(argv, cwd=tmp_path, check=True, capture_output=True)
    (tmp_path / "disk").write_bytes(pack(packing, (tmp_path / "leak").read_bytes()))

    refused(tmp_path / "disk", library, "has a backing file")


def test_a_small_file_that_unpacks_to_too_much_is_refused(
    web: Web, library: Path, packing: str
) -> None:
    web.answers["/disk"] = content(pack(packing, bytes(300 << 20)))

    with pytest.raises(ImageError, match="unpacks to more than 200 times its size"):
        images.pull(web.url())

    assert files_in(library) == []
    assert images.list().empty


def test_what_is_blank_takes_no_space(tmp_path: Path) -> None:
    disk = b"\1" * 4096 + bytes(8 << 20) + b"\2" * 4096 + bytes(1 << 20)
    (tmp_path / "packed").write_bytes(gzip.compress(disk))

    digests = copy(tmp_path / "packed", tmp_path / "disk", "the disk")

    assert (tmp_path / "disk").read_bytes() == disk
    assert digests["sha256"] == hashlib.sha256(disk).hexdigest()
    assert (tmp_path / "disk").stat().st_blocks * 512 < 2 << 20
