"""One booted tiny guest for all tests of this directory, which act inside it and leave it clean."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmnb import VM
from vmnb.core import runtime


@pytest.fixture(scope="package")
def shared_homes(homes_root: Path, image_cache: Path) -> Iterator[Path]:
    """Homes that all tests of this directory share; return their parent."""
    home = Path(tempfile.mkdtemp(dir=homes_root))
    runtime.shutdown()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VMNB_HOME", str(home / "data"))
        patch.setenv("VMNB_RUNTIME", str(home / "run"))
        patch.setenv("VMNB_CACHE", str(image_cache))
        yield home
        runtime.shutdown()


@pytest.fixture(scope="package")
def tiny(shared_homes: Path) -> Iterator[VM]:
    """The tiny guest, booted."""
    with VM("tiny guest") as vm:
        vm.start().run("true", check=True)
        yield vm
