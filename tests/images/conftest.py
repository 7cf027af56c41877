import asyncio
import os
from pathlib import Path

import pytest

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
