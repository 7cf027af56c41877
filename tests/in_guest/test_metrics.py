"""What a real guest uses, and where the time of its boot went."""

import json

import pytest

from vmnb import VM
from vmnb.core.hypervisor import Capability

pytestmark = pytest.mark.slow

BUSY = "while :; do :; done >/dev/null 2>&1 </dev/null & echo $!"


def measured(vm: VM, rows: int) -> "list[float]":
    """Return the CPU's share in the newest `rows` rows, each a look of its own."""
    for _ in range(rows):
        table = vm.metrics
    return list(table["vcpu_percent"][-rows:])


def test_a_guest_that_works_shows_more_than_the_same_one_at_rest(tiny: VM) -> None:
    measured(tiny, 2)
    idle = sum(measured(tiny, 6)) / 6
    process = tiny.run(BUSY, check=True).stdout.strip()
    try:
        measured(tiny, 2)
        busy = sum(measured(tiny, 6)) / 6
    finally:
        tiny.run(["kill", process], check=True)
    assert busy > 2 * max(idle, 1)


def test_the_guest_itself_tells_of_its_memory_and_its_network_card(tiny: VM) -> None:
    assert Capability.METRICS in tiny._machine.capabilities
    last = tiny.metrics.iloc[-1]
    assert 5 < last["guest_memory_mib"] < tiny.handle.memory_mib
    assert last["memory_mib"] > last["guest_memory_mib"]
    known = tiny.metrics["network_sent_bytes"].dropna()
    assert known.iloc[-1] > 0
    assert any("as the guest counts it" in note for note in tiny.metrics.attrs["notes"])


def test_what_the_guest_writes_is_counted(tiny: VM) -> None:
    before = tiny.metrics.iloc[-1]
    tiny.run("dd if=/dev/urandom of=/root/data bs=1M count=4 && sync", check=True)
    after = tiny.metrics.iloc[-1]
    tiny.run("rm /root/data; sync", check=True)
    assert after["disk_written_bytes"] - before["disk_written_bytes"] >= 4 << 20
    assert after["disk_writes"] > before["disk_writes"]


def test_a_boot_shows_firmware_kernel_root_file_system_and_agent_one_after_the_other(
    tiny: VM,
) -> None:
    shown = tiny.boot_timeline()
    table = shown.table
    assert list(table["phase"]) == [
        "hypervisor",
        "firmware, early kernel",
        "kernel",
        "root file system",
        "agent",
    ]
    assert (table["duration_s"] > 0).all()
    ends = table["start_s"] + table["duration_s"]
    assert ends.iloc[:-1].round(3).tolist() == table["start_s"].iloc[1:].round(3).tolist()
    ready = tiny.history.set_index("action").loc["ready", "duration_s"]
    assert ends.iloc[-1] == pytest.approx(ready, abs=1)
    assert json.loads(json.dumps(shown._repr_mimebundle_()))["text/html"].count("<svg") == 1
