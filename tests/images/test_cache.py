"""The cache of built images: checked, locked, never half made."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from vmnb.images.cache import Entry, ImageCache


def publish(cache: ImageCache, content: bytes = b"disk", name: str = "one") -> Entry:
    async def make() -> Entry:
        async with cache.locked(), cache.work_folder() as work:
            (work / "made").mkdir()
            (work / "made" / "disk").write_bytes(content)
            return cache.publish(work / "made", recipe="r1", name=name)

    return asyncio.run(make())


@pytest.fixture
def cache(empty_cache: Path) -> ImageCache:
    return ImageCache("thing")


def test_nothing_is_found_in_an_empty_cache_and_nothing_is_made(cache: ImageCache) -> None:
    assert cache.find("r1") is None
    assert not cache.folder.exists()


def test_an_image_is_found_by_its_recipe(cache: ImageCache) -> None:
    entry = publish(cache)

    assert cache.find("r1") == entry
    assert cache.find("r2") is None
    assert [path.name for path in cache.folder.iterdir()] in (["one", ".lock"], [".lock", "one"])


def test_a_damaged_file_is_not_used(cache: ImageCache) -> None:
    disk = publish(cache).folder / "disk"
    disk.chmod(0o600)
    disk.write_bytes(b"dusk")

    assert cache.find("r1") is None


def test_a_missing_file_is_not_used(cache: ImageCache) -> None:
    (publish(cache).folder / "disk").unlink()

    assert cache.find("r1") is None


def test_a_copy_with_other_times_is_used_after_its_content_was_checked(cache: ImageCache) -> None:
    disk = publish(cache).folder / "disk"
    recorded = disk.stat().st_mtime_ns
    disk.touch()

    assert cache.find("r1") is not None
    assert disk.stat().st_mtime_ns == recorded


def test_a_broken_image_is_replaced(cache: ImageCache) -> None:
    (publish(cache).folder / "disk").unlink()

    entry = publish(cache)

    assert cache.find("r1") == entry
    assert (entry.folder / "disk").read_bytes() == b"disk"


@pytest.mark.parametrize("manifest", ["", "[]", "{}", '{"recipe": "r1", "files": {"disk": 1}}'])
def test_a_broken_manifest_is_as_no_image(cache: ImageCache, manifest: str) -> None:
    path = publish(cache).folder / "manifest.json"
    path.chmod(0o600)
    path.write_text(manifest)

    assert cache.find("r1") is None


def test_the_same_content_has_the_same_digest(cache: ImageCache) -> None:
    digests = {publish(cache, name=name).digest for name in ("one", "two")}

    assert len(digests) == 1
    assert publish(cache, b"other", "three").digest not in digests


def test_a_failed_build_leaves_nothing(cache: ImageCache) -> None:
    async def fail() -> None:
        async with cache.locked(), cache.work_folder() as work:
            (work / "half").write_bytes(b"made")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        asyncio.run(fail())

    assert [path.name for path in cache.folder.iterdir()] == [".lock"]


def test_what_a_killed_builder_left_is_removed_by_the_next(cache: ImageCache) -> None:
    publish(cache)
    (cache.folder / ".work-dead").mkdir()

    publish(cache, name="two")

    assert not (cache.folder / ".work-dead").exists()


LOCK_HOLDER = """
import asyncio
from vmnb.images.cache import ImageCache
async def main():
    async with ImageCache("thing").locked():
        print("locked", flush=True)
        input()
asyncio.run(main())
"""


def hold_lock() -> subprocess.Popen[bytes]:
    holder = subprocess.Popen(
        [sys.executable, "-c", LOCK_HOLDER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"locked\n"
    return holder


def test_another_process_waits_for_the_lock_and_is_told_so(cache: ImageCache) -> None:
    async def main(holder: subprocess.Popen[bytes]) -> None:
        waiting = asyncio.Event()

        async def take() -> None:
            async with cache.locked(waiting.set):
                pass

        task = asyncio.create_task(take())
        await waiting.wait()
        assert not task.done()
        holder.communicate()
        await task

    with hold_lock() as holder:
        asyncio.run(main(holder))


def test_a_cancelled_wait_gives_the_lock_back(cache: ImageCache) -> None:
    async def main(holder: subprocess.Popen[bytes]) -> None:
        waiting = asyncio.Event()

        async def take() -> None:
            async with cache.locked(waiting.set):
                pytest.fail("the lock was had although nobody waited for it")

        task = asyncio.create_task(take())
        await waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.to_thread(holder.communicate)
        async with cache.locked():
            pass

    with hold_lock() as holder:
        asyncio.run(main(holder))
