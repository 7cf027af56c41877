"""Propolis passes the contract of every hypervisor, against the stand-in."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from vmnb.backends.propolis import PropolisHypervisor
from vmnb.core.handle import VmHandle
from vmnb.core.network import NetworkConfig
from vmnb.core.spec import VmSpec
from vmnb.testing import HypervisorContract
from vmnb.testing.propolis import PropolisStandIn


class TestOnAServerThatRuns(HypervisorContract):
    @pytest.fixture(autouse=True)
    def _server(self, homes: Path) -> Iterator[None]:
        with PropolisStandIn() as self.server:
            yield

    def make_hypervisor(self) -> PropolisHypervisor:
        return PropolisHypervisor(self.server.url)

    def make_spec(self, name: str) -> VmSpec:
        network = NetworkConfig.none()
        return VmSpec(name=name, image=f"/dev/zvol/rdsk/rpool/{name}", network=network)

    def is_alive(self, handle: VmHandle) -> bool:
        instance = self.server.service.instance
        return instance is not None and instance.guest is not None
