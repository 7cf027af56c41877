"""Where the tiny guest cannot be built: a clear error, and nothing left."""

import asyncio
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from vmnb.core.errors import ImageError
from vmnb.images import is_built, resolve


def only(tmp_path: Path, *programs: str) -> str:
    """Make a PATH that has just these programs."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for program in programs:
        found = shutil.which(program)
        assert found
        (folder / program).symlink_to(found)
    return str(folder)


def test_a_machine_without_apt_is_told_what_to_do_instead(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", only(tmp_path, "qemu-img"))

    with pytest.raises(ImageError, match="this machine has no apt") as caught:
        asyncio.run(resolve("tiny"))

    assert "use a disk image that you have" in caught.value.hint
    assert [path.name for path in (empty_cache / "images" / "tiny").iterdir()] == [".lock"]


def test_a_machine_without_qemu_img_is_told_what_to_install(
    empty_cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", only(tmp_path, "apt-get"))

    with pytest.raises(ImageError, match="qemu-img is not on this machine"):
        asyncio.run(resolve("tiny"))


def test_nothing_is_built_by_asking_whether_it_is(empty_cache: Path) -> None:
    assert not is_built()
    assert not empty_cache.exists()


@pytest.mark.skipif(os.getuid() != 0, reason="mounting takes root")
@pytest.mark.parametrize(
    ("options", "message"),
    [("size=20m", "takes 700 MiB at .*; (19|20) MiB are free"), ("ro", "Read-only file system")],
)
def test_a_full_or_read_only_disk_is_a_clear_error(
    tmp_path: Path, options: str, message: str
) -> None:
    script = 'mount -t tmpfs -o "$1" none "$2" && shift 2 && exec "$@"'
    code = "import asyncio; from vmnb.images import resolve; asyncio.run(resolve('tiny'))"
    argv = ["unshare", "-m", "sh", "-c", script, "sh", options, str(tmp_path)]
    environment = {**os.environ, "VMNB_CACHE": str(tmp_path)}

    done = subprocess.run([*argv, sys.executable, "-c", code], env=environment, capture_output=True)

    assert "mount:" not in done.stderr.decode()
    last_lines = " ".join(done.stderr.decode().splitlines()[-3:])
    assert "Error: " in last_lines
    assert re.search(message, last_lines), last_lines
