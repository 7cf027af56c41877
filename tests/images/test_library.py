"""The library: images added, listed, inspected, verified and removed; one file for one content."""

import asyncio
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.images.server import Web, broken_off, content, files_in
from vmnb import images
from vmnb.core import runtime
from vmnb.errors import ImageError, ImageUnavailableError, SpecError
from vmnb.images import resolve
from vmnb.images.pulling import pull
from vmnb.images.sources import source_of
from vmnb.notebook.images.table import IMAGE_SCHEMA


@pytest.fixture
def disk(tmp_path: Path, qcow2: bytes) -> Path:
    path = tmp_path / "my disk, the first.qcow2"
    path.write_bytes(qcow2)
    return path


def disks(cache: Path) -> list[str]:
    return [path.parent.name for path in cache.rglob("disk")]


def test_an_empty_library_is_a_table_with_the_same_columns(library: Path) -> None:
    table = images.list()

    assert table.empty
    assert {name: str(kind) for name, kind in table.dtypes.items()} == dict(IMAGE_SCHEMA)
    assert not library.exists()


def test_an_image_of_one_s_own_is_added_by_name(library: Path, disk: Path, qcow2: bytes) -> None:
    image = images.add(disk, "mine ünï, 東京")
    disk.unlink()

    found = asyncio.run(resolve("mine ünï, 東京"))
    assert found.disk.read_bytes() == qcow2
    assert (found.disk_format, found.disk_size_bytes) == ("qcow2", 1 << 20)
    assert found.digest == image.sha256 == hashlib.sha256(qcow2).hexdigest()
    assert not found.has_agent
    (row,) = images.list().to_dict("records")
    assert (row["name"], row["format"], row["disk_mib"]) == ("mine ünï, 東京", "qcow2", 1.0)
    assert images.inspect("mine ünï, 東京") == image


def test_two_names_of_one_content_are_one_file(
    web: Web, library: Path, disk: Path, qcow2: bytes
) -> None:
    web.answers |= {"/disk": content(qcow2), "/same": content(qcow2)}

    all_of_it = [images.pull(web.url()), images.pull(web.url("/same")), images.add(disk, "mine")]

    assert len({image.disk.stat().st_ino for image in all_of_it}) == 1
    assert len(disks(library)) == 1
    assert len(images.list()) == 3
    images.remove("mine")
    images.remove(web.url())
    assert len(disks(library)) == 1
    images.remove(web.url("/same"))
    assert files_in(library) == []


def test_a_blank_raw_disk_is_added_by_its_suffix(library: Path, tmp_path: Path) -> None:
    (tmp_path / "blank.raw").write_bytes(bytes(1 << 20))

    images.add(tmp_path / "blank.raw", "blank")

    assert asyncio.run(resolve("blank")).disk_format == "raw"


def test_adding_the_same_again_changes_nothing(library: Path, disk: Path) -> None:
    assert images.add(disk, "mine") == images.add(disk, "mine")


def test_a_name_that_is_taken_is_not_given_to_another_disk(
    library: Path, disk: Path, tmp_path: Path
) -> None:
    first = images.add(disk, "mine")
    (tmp_path / "other.raw").write_bytes(bytes(1 << 20))

    with pytest.raises(SpecError, match="there is an image called 'mine'"):
        images.add(tmp_path / "other.raw", "mine")

    assert images.inspect("mine") == first


@pytest.mark.parametrize(
    "name", ["tiny", "debian-12", "sha256:abc", "a/b", "", "x" * 201, "-f", "a\nb", "https://x/y"]
)
def test_a_name_that_means_something_else_is_refused(library: Path, disk: Path, name: str) -> None:
    with pytest.raises(SpecError, match="name"):
        images.add(disk, name)

    assert not library.exists()


@pytest.mark.parametrize("path", ["", "a\0b", b"disk", 5, None, "~no-such-user/disk"])
def test_a_path_that_is_none_is_refused(library: Path, path: str) -> None:
    with pytest.raises(SpecError, match=r"path|home directory"):
        images.add(path, "mine")


@pytest.mark.parametrize("data", [b"", b"Dear reader,\n" * 100, b"QFI\xfb\0\0\0\x03" + bytes(600)])
def test_a_file_that_is_no_disk_is_not_added(library: Path, tmp_path: Path, data: bytes) -> None:
    (tmp_path / "letter").write_bytes(data)

    with pytest.raises(ImageError):
        images.add(tmp_path / "letter", "mine")

    assert files_in(library) == []
    assert images.list().empty


def test_a_disk_that_was_cut_off_is_not_added(library: Path, disk: Path) -> None:
    os.truncate(disk, disk.stat().st_size // 2)

    with pytest.raises(ImageError, match="damaged or was cut off"):
        images.add(disk, "mine")

    assert files_in(library) == []


def test_a_damaged_image_is_found_by_reading_it_and_got_anew(
    web: Web, library: Path, qcow2: bytes, disk: Path
) -> None:
    web.answers["/disk"] = content(qcow2)
    image = images.pull(web.url())
    assert list(images.verify()["name"]) == [web.url()]

    before = image.disk.stat()
    image.disk.chmod(0o600)
    with image.disk.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        file.write(b"!")
    os.utime(image.disk, ns=(before.st_atime_ns, before.st_mtime_ns))

    with pytest.raises(ImageError, match="damaged in the cache"):
        images.verify(web.url())
    with pytest.raises(ImageError, match="damaged in the cache"):
        images.verify()

    images.remove(web.url())
    assert images.pull(web.url()).disk.read_bytes() == qcow2
    assert list(images.verify(web.url())["sha256"]) == [image.sha256]


def test_an_image_whose_disk_is_gone_is_pulled_again(web: Web, library: Path, qcow2: bytes) -> None:
    web.answers["/disk"] = content(qcow2)
    shutil.rmtree(images.pull(web.url()).disk.parent)

    assert images.list().empty
    assert images.pull(web.url()).disk.read_bytes() == qcow2


@pytest.mark.parametrize("action", [images.inspect, images.remove, images.verify])
def test_an_image_that_is_not_there_is_told(library: Path, action: object, disk: Path) -> None:
    images.add(disk, "mine")
    assert callable(action)
    with pytest.raises(ImageError, match="no image called 'yours'") as caught:
        action("yours")
    assert "there are: mine" in caught.value.hint
    with pytest.raises(ImageError, match="'debian-12' has not been pulled"):
        action("debian-12")


@pytest.mark.parametrize(("typed", "meant"), [("debain-12", "debian-12"), ("tny", "tiny")])
def test_a_name_that_is_nearly_right_is_guessed(library: Path, typed: str, meant: str) -> None:
    with pytest.raises(SpecError, match=f"no image called '{typed}'") as caught:
        asyncio.run(resolve(typed))

    assert f"did you mean '{meant}'" in caught.value.hint


def test_what_broke_off_is_not_listed(web: Web, library: Path, qcow2: bytes) -> None:
    web.answers["/disk"] = broken_off(qcow2, 1000)
    with pytest.raises(ImageUnavailableError):
        images.pull(web.url())

    assert images.list().empty
    with pytest.raises(ImageError, match="no image called"):
        images.inspect(web.url())


def test_what_nobody_went_on_with_is_removed_after_a_week(
    web: Web, library: Path, qcow2: bytes
) -> None:
    web.answers |= {"/disk": broken_off(qcow2, 1000), "/other": content(qcow2)}
    with pytest.raises(ImageUnavailableError):
        images.pull(web.url())
    (part,) = library.rglob("*.part")
    os.utime(part, (0, 0))

    images.pull(web.url("/other"))

    assert not list(library.rglob("*.part"))


def test_a_cancelled_pull_leaves_nothing_and_frees_its_turn(
    web: Web, library: Path, qcow2: bytes
) -> None:
    import threading

    begun, go_on = threading.Event(), threading.Event()

    def stuck(handler: object) -> None:
        broken_off(qcow2, 100_000)(handler)  # type: ignore[arg-type]
        begun.set()
        go_on.wait()

    web.answers["/disk"] = stuck
    source = source_of(web.url())
    assert source is not None
    future = runtime.submit(pull(source))
    assert begun.wait(30)
    future.cancel()
    web.answers["/disk"] = content(qcow2)

    assert images.pull(web.url()).disk.read_bytes() == qcow2
    go_on.set()
    assert web.asked[0].path == "/disk"
    assert not list(library.rglob("*.part"))


def test_everything_can_be_awaited(web: Web, library: Path, disk: Path, qcow2: bytes) -> None:
    web.answers["/disk"] = content(qcow2)

    async def main() -> None:
        pulled = await images.aio.pull(web.url())
        added = await images.aio.add(disk, "mine")
        assert await images.aio.list() == [pulled, added]
        assert await images.aio.verify() == [pulled, added]
        assert await images.aio.inspect("mine") == added
        await images.aio.remove("mine")
        assert await images.aio.list() == [pulled]

    asyncio.run(main())


def test_a_pulled_image_is_found_without_the_network_by_another_process(
    web: Web, library: Path, qcow2: bytes
) -> None:
    web.answers["/disk"] = content(qcow2)
    pulled = images.pull(web.url())
    web.asked.clear()
    code = (
        "import asyncio, sys; from vmnb.images import resolve;"
        "print(asyncio.run(resolve(sys.argv[1])).digest)"
    )

    said = subprocess.check_output([sys.executable, "-c", code, web.url()], text=True)

    assert said.strip() == pulled.sha256
    assert web.asked == []
