"""Where the time of a real Debian's boot went."""

import pytest

from tests.debian.conftest import READY_S
from vmnb import VM

pytestmark = [pytest.mark.slow, pytest.mark.debian, pytest.mark.timeout(READY_S + 300)]


def test_systemd_and_cloud_init_say_when_they_did_what(debian: VM) -> None:
    table = debian.boot_timeline().table.set_index("phase")
    phases = list(table.index)
    assert phases[:4] == ["hypervisor", "firmware, early kernel", "kernel", "root file system"]
    assert {"system", "agent"} < set(phases)
    stages = [phase for phase in phases if phase.startswith("cloud-init ")]
    assert len(stages) >= 3
    assert (table["duration_s"] > 0).all()
    system = table.loc["system"]
    root = table.loc["root file system"]
    assert system["start_s"] == pytest.approx(root["start_s"] + root["duration_s"], abs=0.01)
    assert (table.loc[stages, "start_s"] > root["start_s"]).all()
