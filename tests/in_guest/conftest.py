"""One booted tiny guest for all tests of this directory, which act inside it and leave it clean."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.homes import own_homes
from vmnb import VM


@pytest.fixture(scope="package")
def shared_homes(homes_root: Path, image_cache: Path) -> Iterator[Path]:
    """Homes that all tests of this directory share; return their parent."""
    with own_homes(homes_root, image_cache) as home:
        yield home


@pytest.fixture(scope="package")
def tiny(shared_homes: Path) -> Iterator[VM]:
    """The tiny guest, booted."""
    with VM("tiny guest") as vm:
        vm.start().run("true", check=True)
        yield vm
