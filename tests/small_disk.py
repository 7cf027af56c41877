"""A small file system for what shall be full, or not be written to."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["mountable"]


@contextmanager
def mountable(directory: Path) -> Iterator[Callable[[str], Path]]:
    """Make `directory`, and give what mounts a file system there with the options given."""
    directory.mkdir()
    mounted = False

    def mount(options: str) -> Path:
        nonlocal mounted
        argv = ["mount", "-t", "tmpfs", "-o", f"mode=0700,{options}", "tmpfs", str(directory)]
        if subprocess.run(argv, check=False, capture_output=True).returncode:
            pytest.skip("mounting a file system needs root")
        mounted = True
        return directory

    yield mount
    if mounted:
        subprocess.run(["umount", directory], check=True)
