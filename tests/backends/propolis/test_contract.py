"""Propolis passes the contract of every hypervisor, against the stand-ins."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from vmnb.backends.propolis import PropolisHypervisor, Zones
from vmnb.core.handle import VmHandle
from vmnb.core.spec import VmSpec
from vmnb.testing import HypervisorContract
from vmnb.testing.illumos import IllumosStandIn
from vmnb.testing.propolis import PropolisStandIn

from .conftest import disk_spec, zone_spec


class TestOnAServerThatRuns(HypervisorContract):
    @pytest.fixture(autouse=True)
    def _server(self, homes: Path, server: PropolisStandIn) -> None:
        self.server = server

    def make_hypervisor(self) -> PropolisHypervisor:
        return PropolisHypervisor(self.server.url)

    def make_spec(self, name: str) -> VmSpec:
        return disk_spec(name)

    def is_alive(self, handle: VmHandle) -> bool:
        instance = self.server.service.instance
        return instance is not None and instance.guest is not None


@pytest.mark.slow
class TestInZones(HypervisorContract):
    @pytest.fixture(autouse=True)
    def _illumos(self, illumos: IllumosStandIn, zones: Zones) -> Iterator[None]:
        self.illumos, self.zones = illumos, zones
        yield
        assert illumos.made == set()

    def make_hypervisor(self) -> PropolisHypervisor:
        return PropolisHypervisor(zones=self.zones)

    def make_spec(self, name: str) -> VmSpec:
        return zone_spec(name)

    def is_alive(self, handle: VmHandle) -> bool:
        zone = handle.extra["zone"]
        return zone in self.illumos.made and self.illumos.zone_state(zone) == "running"
