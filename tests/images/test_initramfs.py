"""The cpio archive: read back by the kernel's own rules, and by cpio where there is one."""

import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from vmnb.images.initramfs import Initramfs

Member = tuple[int, bytes, tuple[int, int]]


def read(archive: bytes) -> dict[str, Member]:
    """Read a "newc" archive: mode, content and device of each member."""
    members: dict[str, Member] = {}
    at = 0
    while True:
        assert archive[at : at + 6] == b"070701"
        assert at % 4 == 0
        fields = [int(archive[at + 6 + 8 * i : at + 14 + 8 * i], 16) for i in range(13)]
        name = archive[at + 110 : at + 110 + fields[11] - 1].decode()
        start = at + 110 + fields[11]
        start += -start % 4
        if name == "TRAILER!!!":
            return members
        content = archive[start : start + fields[6]]
        assert fields[2:4] == [0, 0], "everything belongs to root"
        members[name] = (fields[1], content, (fields[9], fields[10]))
        at = start + fields[6]
        at += -at % 4


def sample() -> bytes:
    archive = Initramfs()
    archive.file("bin/busybox", b"program", mode=0o755).file("bin/empty", b"")
    archive.character_device("dev/console", 5, 1)
    return archive.finish()


def test_files_and_devices_come_back_as_they_were_put() -> None:
    members = read(sample())

    assert members["bin/busybox"][:2] == (stat.S_IFREG | 0o755, b"program")
    assert members["bin/empty"][:2] == (stat.S_IFREG | 0o644, b"")
    assert members["dev/console"] == (stat.S_IFCHR | 0o600, b"", (5, 1))


def test_directories_come_once_and_before_what_is_in_them() -> None:
    archive = Initramfs().file("a/b/c", b"").file("a/b/d", b"").directory("a/b").finish()

    assert list(read(archive)) == ["a", "a/b", "a/b/c", "a/b/d"]


def test_the_same_input_gives_the_same_bytes() -> None:
    assert sample() == sample()


@pytest.mark.skipif(shutil.which("cpio") is None, reason="cpio is not installed")
def test_cpio_reads_it(tmp_path: Path) -> None:
    listing = subprocess.run(["cpio", "-t"], input=sample(), capture_output=True, check=True)

    assert listing.stdout.decode().split() == list(read(sample()))
