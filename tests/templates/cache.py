"""Caches of a test's own, in which there are images and no template yet."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.homes import own_homes

__all__ = ["homes_with_templates"]


@contextmanager
def homes_with_templates(root: Path, images: Path, cache: Path) -> Iterator[Path]:
    """Let VMs begin from templates in the new directory `cache`; give that."""
    cache.mkdir(0o700)
    images.mkdir(parents=True, exist_ok=True)
    for each in images.iterdir():
        if each.name != "templates":
            (cache / each.name).symlink_to(each)
    with own_homes(root, cache), pytest.MonkeyPatch.context() as patch:
        patch.delenv("VMNB_BOOT")
        yield cache
