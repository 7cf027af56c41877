import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.images.server import Web
from vmnb.core import runtime
from vmnb.images import BootImage, resolve


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> BootImage:
    """The tiny guest, built once; kept between runs where VMNB_TEST_CACHE says where."""
    kept = os.environ.get("VMNB_TEST_CACHE")
    cache = Path(kept) if kept else tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VMNB_CACHE", str(cache))
        return asyncio.run(resolve("tiny"))


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VMNB_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """A web server of the test's own, which no proxy stands before."""
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    with Web() as web:
        yield web


@pytest.fixture
def library(homes: Path, empty_cache: Path) -> Iterator[Path]:
    """An empty cache, empty homes, and a fresh background loop; return the cache's directory."""
    runtime.shutdown()
    yield empty_cache
    runtime.shutdown()


@pytest.fixture(scope="session")
def qcow2(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A small disk whose content does not pack, so that its file has some length."""
    folder = tmp_path_factory.mktemp("qcow2")
    (folder / "disk.raw").write_bytes(os.urandom(300_000).ljust(1 << 20, b"\0"))
    argv = ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", "disk.raw", "disk.qcow2"]
    subprocess.run(argv, cwd=folder, check=True)
    return (folder / "disk.qcow2").read_bytes()
