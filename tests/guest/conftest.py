"""Guest agents: the distribution's real one as a child of the test."""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def qemu_ga(image_cache: Path) -> Path:
    """Return the real agent's program, fetched and unpacked without being installed."""
    if installed := shutil.which("qemu-ga"):
        return Path(installed)
    cache = image_cache / "qemu-ga"
    program = cache / "usr" / "sbin" / "qemu-ga"
    if not program.exists():
        if not shutil.which("apt-get"):
            pytest.skip("there is no guest agent here, and no apt-get to fetch it")
        cache.mkdir(parents=True, exist_ok=True)
        fetched = subprocess.run(
            ["apt-get", "download", "qemu-guest-agent"], cwd=cache, capture_output=True, text=True
        )
        if fetched.returncode:
            pytest.skip(f"the guest agent cannot be had: {fetched.stderr.strip()[-200:]}")
        package = next(cache.glob("qemu-guest-agent_*.deb"))
        subprocess.run(["dpkg-deb", "-x", package, cache], check=True)
    return program


@pytest.fixture
def agent_socket(qemu_ga: Path, tmp_path: Path) -> Iterator[Path]:
    """Run a real agent for one test, and return its socket."""
    path = tmp_path / "agent"
    agent = subprocess.Popen(
        [qemu_ga, "-m", "unix-listen", "-p", path, "-t", tmp_path, "-f", tmp_path / "pid"],
        stderr=subprocess.PIPE,
    )
    try:
        _wait_until_it_listens(path)
        yield path
    finally:
        agent.terminate()
        agent.communicate()


def _wait_until_it_listens(path: Path) -> None:
    for _ in range(1000):
        with socket.socket(socket.AF_UNIX) as client:
            if client.connect_ex(str(path)) == 0:
                return
        time.sleep(0.01)
    raise AssertionError("the guest agent does not listen")
