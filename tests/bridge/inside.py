"""Bridges, and machines on them, in a network of the test's own that is gone with its process.

A test hands a function of its module to :func:`run_inside`, which calls it in another process: a
table of neighbours belongs to a network, and all threads of the process must be in the same one.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["BRIDGE", "HOST", "dhcp_server", "ip", "lease_file", "make_bridge", "peer", "run_inside"]

BRIDGE = "br0"
HOST = "10.9.0.1"
_TIMEOUT_S = 240.0
_UNSHARE = ["unshare", "--net", "--mount"]
_PROBE = f"ip link add {BRIDGE} type bridge && ip link add v0 type veth && ls /dev/net/tun"


def run_inside(scenario: Callable[[], None]) -> None:
    """Call `scenario` in a new network; skip the test where this machine cannot have one."""
    if missing := [tool for tool in ("unshare", "ip", "dnsmasq") if shutil.which(tool) is None]:
        pytest.skip(f"this machine lacks {', '.join(missing)}")
    tried = _run([*_UNSHARE, "sh", "-c", _PROBE])
    if tried.returncode:
        pytest.skip(f"no network of its own here: {tried.stderr.strip()}")
    code = f"from {scenario.__module__} import {scenario.__name__} as act; act()"
    done = _run([*_UNSHARE, sys.executable, "-W", "error", "-c", code])
    assert done.returncode == 0, done.stdout + done.stderr


def ip(*words: str) -> str:
    """Run iproute2's ``ip`` and return what it says."""
    done = _run(["ip", *words])
    assert done.returncode == 0, done.stderr
    return done.stdout


def make_bridge() -> None:
    """Make the bridge, with the host on it."""
    ip("link", "set", "lo", "up")
    ip("link", "add", BRIDGE, "type", "bridge", "forward_delay", "0")
    ip("link", "set", BRIDGE, "up")
    ip("address", "add", f"{HOST}/24", "dev", BRIDGE)


@contextmanager
def peer(mac: str, *addresses: str) -> Iterator[Callable[..., None]]:
    """Put a machine without a VM on the bridge, and give what runs commands on it."""
    argv = ["unshare", "--net", "sh", "-c", "echo ready; exec cat"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as life:
        assert life.stdout is not None
        life.stdout.readline()
        port = f"p{life.pid}"
        ip(
            *("link", "add", port, "type", "veth"),
            *("peer", "name", "eth0", "address", mac, "netns", str(life.pid)),
        )
        ip("link", "set", port, "master", BRIDGE, "up")

        def on(*argv: str) -> None:
            done = _run(["nsenter", "--net", "-t", str(life.pid), *argv])
            assert done.returncode == 0, done.stderr

        on("ip", "link", "set", "eth0", "up")
        for address in addresses:
            on("ip", "address", "add", address, "dev", "eth0")
        try:
            yield on
        finally:
            ip("link", "delete", port)  # its network goes later than its process, and may answer


def lease_file() -> Path:
    """Return where Debian's dnsmasq has its leases, in a folder that nobody else sees."""
    folder = Path("/var/lib/misc")
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True)
    return folder / "dnsmasq.leases"


@contextmanager
def dhcp_server() -> Iterator[None]:
    """Serve addresses on the bridge."""
    argv = ["dnsmasq", "--conf-file=/dev/null", "--keep-in-foreground", "--user=root", "--port=0"]
    argv += [f"--interface={BRIDGE}", "--bind-interfaces", "--dhcp-range=10.9.0.50,10.9.0.99,1h"]
    argv += ["--pid-file=", f"--dhcp-leasefile={lease_file()}", "--log-facility=-"]
    with subprocess.Popen(argv, stderr=subprocess.PIPE, text=True) as server:
        try:
            assert server.stderr is not None
            assert any("sockets bound" in line for line in server.stderr)
            yield
        finally:
            server.terminate()


def _run(argv: list[str]) -> "subprocess.CompletedProcess[str]":
    root = Path(__file__).parents[2]
    return subprocess.run(
        argv,
        capture_output=True,
        text=True,
        timeout=_TIMEOUT_S,
        env={**os.environ, "PYTHONPATH": str(root)},
        check=False,
    )
