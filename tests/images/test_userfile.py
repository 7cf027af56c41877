"""Disk images of the user's own: what is taken and what is refused."""

import asyncio
import os
import struct
import subprocess
from pathlib import Path

import pytest

from vmnb.core.errors import ImageError, SpecError
from vmnb.images import BootImage, resolve

MIB = 1 << 20


def open_image(name: str | Path) -> BootImage:
    return asyncio.run(resolve(str(name)))


def qemu_img(*words: str | Path) -> None:
    subprocess.run(["qemu-img", *map(str, words)], check=True, capture_output=True)


@pytest.mark.parametrize("disk_format", ["qcow2", "vmdk", "vdi", "vhdx"])
def test_a_disk_is_recognised_by_content_whatever_its_name(
    tmp_path: Path, disk_format: str
) -> None:
    disk = tmp_path / "disk.anything"
    qemu_img("create", "-f", disk_format, disk, "16M")

    image = open_image(disk)

    assert (image.disk_format, image.disk_size_bytes, image.disk) == (disk_format, 16 * MIB, disk)
    assert image.kernel is None
    assert not image.has_agent


@pytest.mark.parametrize(
    ("offset", "sign"), [(510, b"\x55\xaa"), (512, b"EFI PART"), (1080, b"\x53\xef")]
)
def test_a_file_with_a_partition_table_or_file_system_is_a_raw_disk(
    tmp_path: Path, offset: int, sign: bytes
) -> None:
    disk = tmp_path / "disk"
    data = bytearray(MIB)
    data[offset : offset + len(sign)] = sign
    disk.write_bytes(data)

    assert open_image(disk).disk_format == "raw"


def test_a_blank_file_is_a_raw_disk_only_if_it_is_called_one(tmp_path: Path) -> None:
    for name in ("blank.raw", "blank.img", "blank"):
        (tmp_path / name).write_bytes(bytes(MIB))

    assert open_image(tmp_path / "blank.raw").disk_format == "raw"
    assert open_image(tmp_path / "blank.img").disk_format == "raw"
    with pytest.raises(ImageError, match="not a disk image"):
        open_image(tmp_path / "blank")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"%PDF-1.7 " * 100, "not a disk image"),
        (b"Dear reader,\n" * 100, "not a disk image"),
        (b"BZh9" + bytes(600), "packed with bzip2"),
        (b"conectix" + bytes(600), "a VHD image"),
        (b"# Disk DescriptorFile\n" + bytes(600), "description of other files"),
        (b"LUKS\xba\xbe" + bytes(600), "encrypted"),
        (b"QFI\xfb\0\0\0\x01" + bytes(600), "QCOW image of version 1"),
        (b"QFI\xfb\0\0\0\x03", "only 8 bytes long"),
        (b"QFI\xfb\0\0\0\x03" + bytes(600), "qemu-img ended with exit code 1"),
    ],
)
def test_what_is_not_a_supported_disk_is_refused_by_name(
    tmp_path: Path, data: bytes, message: str
) -> None:
    path = tmp_path / "file.bin"
    path.write_bytes(data)

    with pytest.raises(ImageError, match=message):
        open_image(path)


def test_an_image_backed_by_a_file_of_the_host_is_refused(tmp_path: Path) -> None:
    qemu_img("create", "-f", "qcow2", "-F", "raw", "-b", "/etc/passwd", tmp_path / "leak", "1M")

    with pytest.raises(ImageError, match="has a backing file"):
        open_image(tmp_path / "leak")


def test_a_raw_disk_in_which_a_guest_wrote_a_header_with_a_backing_file_is_refused(
    tmp_path: Path,
) -> None:
    qemu_img("create", "-f", "qcow2", "-F", "raw", "-b", "/etc/passwd", tmp_path / "leak", "1M")
    disk = tmp_path / "disk.raw"
    disk.write_bytes((tmp_path / "leak").read_bytes().ljust(MIB, b"\0"))

    with pytest.raises(ImageError, match="has a backing file"):
        open_image(disk)


def test_an_image_whose_data_are_in_another_file_is_refused(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    qemu_img("create", "-f", "qcow2", "-o", f"data_file={tmp_path}/data", disk, "1M")

    with pytest.raises(ImageError, match="external data file"):
        open_image(disk)


def test_a_vmdk_whose_parts_are_in_other_files_is_refused(tmp_path: Path) -> None:
    disk = tmp_path / "disk.vmdk"
    qemu_img("create", "-f", "vmdk", disk, "1M")
    data = bytearray(disk.read_bytes())
    struct.pack_into("<Q", data, 12, 0)  # a capacity of 0: QEMU would take the description inside
    disk.write_bytes(data)

    with pytest.raises(ImageError, match="description of other files"):
        open_image(disk)


def test_a_vmdk_with_a_parent_is_refused(tmp_path: Path) -> None:
    qemu_img("create", "-f", "vmdk", tmp_path / "parent.vmdk", "1M")
    qemu_img(
        *("create", "-f", "vmdk", "-F", "vmdk", "-b", tmp_path / "parent.vmdk"),
        tmp_path / "child.vmdk",
    )

    with pytest.raises(ImageError, match="has a backing file"):
        open_image(tmp_path / "child.vmdk")


def test_a_missing_image_says_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match=f"there is no image {tmp_path}/none"):
        open_image(tmp_path / "none")


def test_a_directory_is_no_image(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="is a directory"):
        open_image(tmp_path)


def test_a_pipe_is_no_image_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(ImageError, match="not a regular file"):
        open_image(tmp_path / "pipe")


@pytest.mark.skipif(os.getuid() == 0, reason="root reads every file")
def test_a_file_that_may_not_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "disk").write_bytes(bytes(MIB))
    (tmp_path / "disk").chmod(0)

    with pytest.raises(ImageError, match="Permission denied"):
        open_image(tmp_path / "disk")


def test_a_relative_name_is_a_file_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    qemu_img("create", "-f", "qcow2", tmp_path / "my,disk: ünï 1.qcow2", "1M")

    assert open_image("my,disk: ünï 1.qcow2").disk == tmp_path / "my,disk: ünï 1.qcow2"


@pytest.mark.parametrize("name", ["", "debian-99", "a\0b", "-f"])
def test_what_is_neither_a_name_nor_a_path_lists_the_choices(name: str) -> None:
    with pytest.raises(SpecError, match='use "tiny"'):
        open_image(name)


def test_a_path_too_long_for_the_file_system_is_a_clear_error() -> None:
    with pytest.raises(ImageError, match="File name too long"):
        open_image("/" + "x" * 5000)


def test_the_digest_follows_a_change_of_the_file(tmp_path: Path) -> None:
    disk = tmp_path / "disk.raw"
    disk.write_bytes(bytes(MIB))
    before = open_image(disk).digest
    assert open_image(disk).digest == before

    disk.write_bytes(bytes(2 * MIB))

    assert open_image(disk).digest != before
