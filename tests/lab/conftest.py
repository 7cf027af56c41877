"""Lab files in a directory of the test's own."""

import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vmnb.core import runtime

Write = Callable[..., Path]


@pytest.fixture(autouse=True)
def own_homes(homes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Homes of its own, a fresh loop, and a working directory with nothing in it."""
    runtime.shutdown()
    (homes / "work").mkdir()
    monkeypatch.chdir(homes / "work")
    yield
    runtime.shutdown()


@pytest.fixture
def write(homes: Path) -> Write:
    """Write a file into the working directory, and return its path from there."""

    def write(text: str, name: str = "lab.toml") -> Path:
        (homes / "work" / name).write_text(textwrap.dedent(text))
        return Path(name)

    return write
