"""Homes of a test's own: for its VMs, and for their sockets."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vmnb.core import runtime

__all__ = ["own_homes"]


@contextmanager
def own_homes(root: Path, cache: Path) -> Iterator[Path]:
    """Let VMs be made in new homes below `root`, with images from `cache`; give their parent."""
    home = Path(tempfile.mkdtemp(dir=root))
    runtime.shutdown()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VMNB_HOME", str(home / "data"))
        patch.setenv("VMNB_RUNTIME", str(home / "run"))
        patch.setenv("VMNB_CACHE", str(cache))
        yield home
        runtime.shutdown()
