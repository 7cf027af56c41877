"""Building the tiny guest for real: once, the same each time, from nothing if need be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vmnb.images import BootImage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

BUILD = """
import asyncio
from vmnb.core.progress import reporting_to
from vmnb.images import is_built, resolve
steps = []
with reporting_to(lambda step: steps.append(step.what)):
    image = asyncio.run(resolve("tiny"))
assert is_built()
print(image.digest, "unpacking packages" in steps)
"""


def start(cache: Path, *prefix: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "VMNB_CACHE": str(cache)}
    argv = [*prefix, sys.executable, "-c", BUILD]
    return subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, text=True)


def test_two_processes_at_once_make_one_build_with_the_bytes_of_any_other(
    tiny: BootImage, tmp_path: Path
) -> None:
    builders = [start(tmp_path), start(tmp_path)]
    answers = [builder.communicate()[0].split() for builder in builders]

    assert sorted(built for _, built in answers) == ["False", "True"]
    assert {digest for digest, _ in answers} == {tiny.digest}
    folders = [path for path in (tmp_path / "images" / "tiny").iterdir() if path.name != ".lock"]
    assert [sorted(path.name for path in folder.iterdir()) for folder in folders] == [
        ["disk.qcow2", "initrd", "manifest.json", "vmlinux", "vmlinuz"]
    ]


@pytest.mark.skipif(os.getuid() != 0, reason="hiding the system's lists takes root")
def test_it_is_the_same_without_package_lists_and_under_another_umask(
    tiny: BootImage, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    script = 'umask 077 && mount --bind "$1" /var/lib/apt/lists && shift && exec "$@"'
    prefix = ["unshare", "-m", "sh", "-c", script, "sh", str(tmp_path / "empty")]

    answer, _ = start(tmp_path / "cache", *prefix).communicate()

    assert answer.split() == [tiny.digest, "True"]


def test_a_cancelled_build_leaves_nothing(tmp_path: Path) -> None:
    code = """
import asyncio
from vmnb.core.progress import reporting_to
from vmnb.images import resolve
async def main():
    unpacking = asyncio.Event()
    def show(step):
        if step.what == "unpacking packages":
            unpacking.set()
    with reporting_to(show):
        task = asyncio.create_task(resolve("tiny"))
    await unpacking.wait()
    await asyncio.sleep(0)
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")
asyncio.run(main())
"""
    environment = {**os.environ, "VMNB_CACHE": str(tmp_path)}
    answer = subprocess.check_output([sys.executable, "-c", code], env=environment, text=True)

    assert answer == "cancelled\n"
    assert [path.name for path in (tmp_path / "images" / "tiny").iterdir()] == [".lock"]
