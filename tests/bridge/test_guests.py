"""Real guests on a bridge, with a DHCP server: each has its own address, whoever answers first."""

import time
from ipaddress import IPv4Network
from pathlib import Path

import pytest

from tests.bridge.inside import BRIDGE, HOST, dhcp_server, ip, make_bridge, run_inside
from vmnb import VM, NetworkConfig
from vmnb.backends.qemu.network.address import ADDRESS_TIMEOUT_S
from vmnb.core.errors import CapabilityError, DeadlineError
from vmnb.core.hypervisor import IpAddress

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

NO_AGENT = "(sleep 1; killall -STOP qemu-ga) >/dev/null 2>&1 &"


def guest(name: str) -> VM:
    return VM(name, memory=128, network=NetworkConfig.tap(BRIDGE))


def own_address(vm: VM) -> str:
    """Return what the guest itself says, once it has an address."""
    wait = "until ip -4 -o address show dev eth0 | grep -q inet; do usleep 50000; done"
    vm.run(wait, check=True, timeout=60)
    said = vm.run("ip -4 -o address show dev eth0", check=True).stdout
    return said.split()[3].split("/")[0]


def two_guests() -> None:
    make_bridge()
    with dhcp_server(), guest("first") as first, guest("second") as second:
        first.start()
        assert str(first.guest_ip) == own_address(first)
        first.run(f"ping -c 1 {HOST}", check=True)
        second.start()
        assert str(second.guest_ip) == own_address(second)
        assert second.guest_ip != first.guest_ip
        assert first.guest_ip in IPv4Network("10.9.0.0/24")
        first.run(f"ping -c 1 {second.guest_ip}", check=True)
        with pytest.raises(CapabilityError, match="forwards"):
            first.forward(80)
        right = second.guest_ip
        end_agent(second)
        found_without_an_agent(second, right)
        ip("neighbour", "flush", "dev", BRIDGE)
        assert str(second.handle.mac) not in ip("neighbour")
        found_without_an_agent(second, right)  # by its lease


def end_agent(vm: VM) -> None:
    vm.run(NO_AGENT, check=True)
    while answers(vm):
        pass


def answers(vm: VM) -> bool:
    try:
        return vm.run("true", timeout=3).ok
    except DeadlineError:
        return False


def found_without_an_agent(vm: VM, right: IpAddress) -> None:
    began = time.monotonic()
    assert vm.guest_ip == right
    assert time.monotonic() - began < ADDRESS_TIMEOUT_S / 2


def test_guest_ip_is_right_although_another_guest_answers_first(homes: Path) -> None:
    run_inside(two_guests)
