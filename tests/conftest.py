"""What all tests share: homes of their own, one cache, and a look at what is left behind."""

import os
import select
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

_MARK = "VMNB_TEST_RUN"
_GRACE_S = 10.0


@pytest.fixture(scope="session")
def image_cache() -> Path:
    """The directory of built images; ``VMNB_TEST_CACHE`` moves it."""
    default = Path.home() / ".cache" / "vmnb-tests"
    return Path(os.environ.get("VMNB_TEST_CACHE") or default)


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    """A browser for all tests that want one."""
    from tests.chromium import chromium  # imported only where a browser is wanted

    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def homes_root() -> Iterator[Path]:
    """A short directory for the homes of all tests; at the end nothing alive may be left in it.

    Short, because the path of a Unix socket has 107 bytes at most, and pytest's own are long.
    """
    root = Path(tempfile.mkdtemp(prefix="vmnb-", dir="/tmp"))
    yield root
    kept = {path.name for path in root.rglob("*") if path.is_socket() or path.suffix == ".qcow2"}
    shutil.rmtree(root)
    assert kept == set(), "the tests left sockets or disks behind"


@pytest.fixture
def homes(homes_root: Path, image_cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Data and runtime homes of the test's own, and the one cache of all; return their parent."""
    home = Path(tempfile.mkdtemp(dir=homes_root))
    monkeypatch.setenv("VMNB_HOME", str(home / "data"))
    monkeypatch.setenv("VMNB_RUNTIME", str(home / "run"))
    monkeypatch.setenv("VMNB_CACHE", str(image_cache))
    return home


@pytest.fixture
def machine_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Name a file of the test's own as the machine's configuration; it is not there yet."""
    path = tmp_path / "machine.toml"
    monkeypatch.setenv("VMNB_CONFIG", str(path))
    return path


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let Ctrl-C have its effect: whoever runs the tests in the background has it ignored."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def real_boots() -> None:
    """Let every guest boot that is not asked to begin from a template."""
    os.environ["VMNB_BOOT"] = "cold"


@pytest.fixture(scope="session", autouse=True)
def nothing_left_running() -> Iterator[None]:
    """Mark every process that the tests start, however far away, and find none at the end."""
    os.environ[_MARK] = mark = str(uuid.uuid4())
    yield
    del os.environ[_MARK]
    assert _alive(f"{_MARK}={mark}".encode()) == [], "the tests left processes behind"


def _alive(mark: bytes) -> list[str]:
    """Return what runs with `mark` in its environment and does not end of itself."""
    left = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if process.name == str(os.getpid()) or mark not in (process / "environ").read_bytes():
                continue
            pidfd = os.pidfd_open(int(process.name))
            try:
                if not select.select([pidfd], [], [], _GRACE_S)[0]:
                    left.append((process / "cmdline").read_bytes().decode(errors="replace"))
            finally:
                os.close(pidfd)
    return left
