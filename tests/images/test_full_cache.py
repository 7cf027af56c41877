"""A cache that is full, or that may not be written to: the pull is refused, with nothing left."""

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.images.pulls import refused
from tests.images.server import Web, chunked, content
from tests.small_disk import mountable
from vmnb import images
from vmnb.errors import SpecError


@pytest.fixture
def small_disk(
    tmp_path: Path, library: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], Path]]:
    """Mount a file system with that size and those options, and keep the cache there."""
    directory = tmp_path / "small"
    monkeypatch.setenv("VMNB_CACHE", str(directory / "cache"))
    with mountable(directory) as mount:
        yield lambda size: mount(f"size={size}") / "cache"


def test_an_image_that_does_not_fit_is_refused_before_it_is_downloaded(
    web: Web, small_disk: Callable[[str], Path], qcow2: bytes
) -> None:
    cache = small_disk("200k")
    web.answers["/disk"] = content(qcow2)

    refused(web, cache, "MiB are free")


def test_a_disk_that_fills_up_meanwhile_leaves_nothing(
    web: Web, small_disk: Callable[[str], Path], qcow2: bytes
) -> None:
    cache = small_disk("200k")
    web.answers["/disk"] = chunked(qcow2)

    refused(web, cache, "No space left on device.*\n.*make room")


def test_a_disk_that_fills_up_while_it_is_unpacked_leaves_nothing(
    web: Web, small_disk: Callable[[str], Path], tmp_path: Path
) -> None:
    cache = small_disk("1M")
    disk = (b"\1" * 510 + b"\x55\xaa").ljust(4 << 20, b"\2")
    (tmp_path / "disk").write_bytes(disk)
    packed = subprocess.run(["gzip", "-c", tmp_path / "disk"], check=True, capture_output=True)
    web.answers["/disk"] = content(packed.stdout)

    refused(web, cache, "No space left on device")


def test_a_cache_that_may_not_be_written_to_is_told(
    web: Web, small_disk: Callable[[str], Path], qcow2: bytes
) -> None:
    cache = small_disk("1M,ro")
    web.answers["/disk"] = content(qcow2)

    with pytest.raises(SpecError, match="Read-only file system") as caught:
        images.pull(web.url())

    assert "VMNB_CACHE" in caught.value.hint
    assert web.asked == []
    assert not cache.exists()
