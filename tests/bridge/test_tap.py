"""Tap interfaces: made, joined to their bridge, and gone again."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.bridge.inside import BRIDGE, ip, make_bridge, run_inside
from vmnb import VM, NetworkConfig
from vmnb.backends.qemu.network.tap import require_tap, tap_of
from vmnb.backends.qemu.usage.usage import tap_bytes
from vmnb.core.errors import BackendError
from vmnb.core.handle import VmHandle
from vmnb.core.process import identify
from vmnb.core.spec import VmSpec

HELPER = Path("/usr/lib/qemu/qemu-bridge-helper")
HANDLE = VmHandle(
    id="0123456789abcdef" * 2,
    backend="qemu",
    spec=VmSpec(name="vm", network=NetworkConfig.tap(BRIDGE)),
)
NOBODY = 65534
_VIRTIO_HEADER_BYTES = 10


def on_the_bridge() -> str:
    return ip("-o", "link", "show", "master", BRIDGE)


def joined() -> None:
    make_bridge()
    ip("link", "set", BRIDGE, "mtu", "1400")
    with tap_of(HANDLE) as descriptor:
        assert descriptor is not None
        assert not os.get_inheritable(descriptor)
        said = on_the_bridge()
        assert "vm0123456789ab:" in said
        assert ",UP" in said
        assert "mtu 1400" in said
        assert "link/ether fe:" in said
    assert on_the_bridge() == ""
    require_tap(BRIDGE)
    assert on_the_bridge() == ""


def test_it_is_up_on_its_bridge_and_gone_with_its_descriptor() -> None:
    run_inside(joined)


def counted() -> None:
    make_bridge()
    with tap_of(HANDLE) as descriptor:
        assert descriptor is not None
        own = identify(os.getpid())
        _, before = tap_bytes(own)
        os.write(descriptor, bytes(_VIRTIO_HEADER_BYTES) + b"\xff" * 6 + bytes(54))
        received, sent = tap_bytes(own)
        assert sent == before + 60
        assert received >= 0


def test_what_a_guest_sends_there_is_counted_in_the_network_that_its_process_is_in() -> None:
    run_inside(counted)


def refused() -> None:
    make_bridge()
    os.setuid(NOBODY)
    with pytest.raises(BackendError, match=f"may not join the bridge '{BRIDGE}'") as caught:
        require_tap(BRIDGE)
    assert "qemu-bridge-helper" in caught.value.message
    assert "bridge.conf" in caught.value.hint
    assert "setcap" in caught.value.hint


def test_who_may_not_join_is_told_how_to() -> None:
    run_inside(refused)


def allowed() -> None:
    make_bridge()
    run = [
        "mount -t tmpfs -o mode=755 tmpfs /mnt",
        f"cp {HELPER} /mnt/helper && setcap cap_net_admin+ep /mnt/helper",
        f"mount --bind /mnt/helper {HELPER}",
        "mknod -m 666 /mnt/tun c 10 200 && mount --bind /mnt/tun /dev/net/tun",
        f"mkdir /mnt/upper /mnt/upper/qemu /mnt/work && echo allow {BRIDGE} "
        "> /mnt/upper/qemu/bridge.conf && chmod 644 /mnt/upper/qemu/bridge.conf",
        "mount -t overlay -o lowerdir=/etc,upperdir=/mnt/upper,workdir=/mnt/work overlay /etc",
    ]
    subprocess.run(["sh", "-ec", "\n".join(run)], check=True)
    os.setuid(NOBODY)
    with tap_of(HANDLE) as descriptor:
        assert descriptor is not None
        assert not os.get_inheritable(descriptor)
        assert ",UP" in on_the_bridge()
    assert on_the_bridge() == ""


@pytest.mark.skipif(
    not HELPER.exists() or shutil.which("setcap") is None or os.getuid() != 0,
    reason=f"needs root, {HELPER} and setcap",
)
def test_an_ordinary_user_joins_with_the_helper_that_an_administrator_allows() -> None:
    run_inside(allowed)


def vms() -> None:
    make_bridge()
    vm = VM("on a bridge", memory=96, network=NetworkConfig.tap(BRIDGE))
    try:
        vm.start()
        assert f"vm{vm.handle.id[:12]}:" in on_the_bridge()
        assert vm.handle.ssh_host_port is None
        vm.stop(0)
        assert on_the_bridge() == ""
        vm.start()
        assert on_the_bridge() != ""
        assert vm.handle.pid is not None
        os.kill(vm.handle.pid, signal.SIGKILL)
        while vm.state == "running":
            pass
        assert on_the_bridge() == ""
        vm.start()
        assert on_the_bridge() != ""
        vm.destroy()
        assert on_the_bridge() == ""
        vm = VM("on no bridge", memory=96, network=NetworkConfig.tap(BRIDGE))
        ip("link", "delete", BRIDGE)
        with pytest.raises(BackendError, match=f"no bridge '{BRIDGE}'"):
            vm.start()
        assert vm.state == "prepared"
    finally:
        vm.destroy()


@pytest.mark.slow
def test_a_vm_is_on_its_bridge_for_as_long_as_it_runs(homes: Path) -> None:
    run_inside(vms)
