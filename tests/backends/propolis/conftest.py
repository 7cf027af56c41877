"""A server that is a stand-in, an illumos that is one, and VMs on both."""

import asyncio
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from vmnb.backends.propolis import PropolisHypervisor, Zones
from vmnb.core.network import NetworkConfig
from vmnb.core.spec import VmSpec
from vmnb.testing.illumos import IllumosStandIn
from vmnb.testing.propolis import PropolisStandIn

GIB = 1024**3
QUICK_S = 1.0
"""How long an answer is waited for where none comes."""


def disk_spec(name: str = "web", **more: Any) -> VmSpec:
    """Return what runs on a server that is there already."""
    more.setdefault("network", NetworkConfig.none())
    return VmSpec(name=name, image="/dev/zvol/rdsk/rpool/web", **more)


def zone_spec(name: str = "web", **more: Any) -> VmSpec:
    """Return what runs in a zone."""
    more.setdefault("network", NetworkConfig.vnic("net0"))
    more.setdefault("image", "debian-12")
    return VmSpec(name=name, **more)


@pytest.fixture
def server() -> Iterator[PropolisStandIn]:
    with PropolisStandIn() as server:
        yield server


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for the whole test."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def hypervisor(
    server: PropolisStandIn, homes: Path, runner: asyncio.Runner
) -> Iterator[PropolisHypervisor]:
    """One that soon gives up waiting for an answer."""
    hypervisor = PropolisHypervisor(server.url, answer_s=QUICK_S)
    yield hypervisor
    runner.run(hypervisor.aclose())


@pytest.fixture
def illumos(homes: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[IllumosStandIn]:
    """An illumos with one image and two links; its commands are the first on the path."""
    illumos = IllumosStandIn(
        homes / "illumos",
        snapshots={"rpool/vmnb/images/debian-12@base": 2 * GIB},
        links=["net0", "vmnbstub0"],
    )
    monkeypatch.setenv("PATH", illumos.path)
    with illumos:
        yield illumos


@pytest.fixture
def zones(homes: Path) -> Zones:
    """Zones whose files are the test's own, and whose servers are on addresses of loopback."""
    # Another network for each process that runs tests at the same time.
    network = f"127.{1 + os.getpid() % 250}.{1 + os.getpid() // 250 % 250}.0/24"
    return Zones(path=str(homes / "zones"), control_network=network)


@pytest.fixture
def zoned(
    illumos: IllumosStandIn, zones: Zones, runner: asyncio.Runner
) -> Iterator[Callable[[], PropolisHypervisor]]:
    """Make hypervisors whose VMs are in zones."""
    made: list[PropolisHypervisor] = []

    def make() -> PropolisHypervisor:
        made.append(PropolisHypervisor(zones=zones))
        return made[-1]

    yield make
    for hypervisor in made:
        runner.run(hypervisor.aclose())
