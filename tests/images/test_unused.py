"""What is in the cache that nobody needs: found, and nothing else."""

import asyncio
import fcntl
import os
import time
from collections.abc import Iterable
from pathlib import Path

import pytest

from vmnb import images
from vmnb.core.remnant import Remnant
from vmnb.images.library import Library, Origin
from vmnb.images.unused import left_downloads, left_work, unused_images

YESTERDAY_S = 2 * 86400.0


def aged(path: Path) -> Path:
    then = time.time() - YESTERDAY_S
    os.utime(path, (then, then))
    return path


def removed(found: Iterable[Remnant]) -> list[str]:
    """Remove all that was found, and return what that was."""

    async def remove(each: Remnant) -> str:
        await each.remove()
        return Path(each.what).name

    async def remove_all() -> list[str]:
        return [await remove(each) for each in found]

    return asyncio.run(remove_all())


def test_a_download_that_broke_off_goes_with_its_facts_unless_somebody_goes_on_with_it(
    empty_cache: Path,
) -> None:
    folder = empty_cache / "images" / "downloads"
    folder.mkdir(parents=True)
    for name in ("old", "new", "held"):
        (folder / f"{name}.part").write_bytes(bytes(9000))
        (folder / f"{name}.json").write_text("{}")
    for name in ("old", "held"):
        aged(folder / f"{name}.part")
    with (folder / "held.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        (found,) = left_downloads()
        assert found.size_bytes >= 9000
        assert removed([found]) == ["old.part"]
    kept = {path.name for path in folder.iterdir()}
    assert kept == {"new.part", "new.json", "held.part", "held.json", "held.lock"}


def test_what_a_killed_builder_left_goes_unless_another_builds(empty_cache: Path) -> None:
    folder = empty_cache / "images" / "tiny"
    for name in (".work-old", ".work-new", "built"):
        (folder / name).mkdir(parents=True)
    aged(folder / ".work-old")
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert list(left_work()) == []
    assert removed(left_work()) == [".work-old"]
    assert {path.name for path in folder.iterdir()} == {".work-new", "built", ".lock"}


@pytest.mark.usefixtures("library")
def test_a_disk_without_a_name_goes_unless_a_vm_stands_on_it(tmp_path: Path) -> None:
    path = tmp_path / "disk.raw"
    path.write_bytes(bytes(1 << 20))
    before = images.add(path, "mine")
    path.write_bytes(b"x" + bytes((1 << 20) - 1))
    after = images.add(path, "other")
    Library().put("mine", after.sha256, Origin(source=""))
    assert before.disk.exists()
    assert list(unused_images([before.disk])) == []
    assert removed(unused_images([])) == [before.disk.parent.name]
    assert not before.disk.exists()
    assert after.disk.exists()
