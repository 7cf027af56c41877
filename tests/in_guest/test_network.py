"""Real guests on a private network: they find each other by name, unless they are kept apart."""

import os
import re
import select
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import vmnb
from vmnb import VM, Network
from vmnb.core.errors import BackendError
from vmnb.lan.files import Rendezvous, register_path
from vmnb.lan.register import read_register

pytestmark = pytest.mark.slow

UNTIL_NAMED = "until grep -q '^nameserver 10.77' /etc/resolv.conf; do sleep 0.1; done"
STRANGE = "Straße 7, <b>"


def up(vm: VM) -> VM:
    vm.start().run(UNTIL_NAMED, check=True)
    return vm


@pytest.fixture(scope="module")
def net(shared_homes: Path) -> Network:
    return Network("lab")


@pytest.fixture(scope="module")
def pair(net: Network) -> Iterator[tuple[VM, VM]]:
    with VM("a", memory=128, network=net) as a, VM(STRANGE, memory=128, network=net) as b:
        yield up(a), up(b)


@pytest.fixture
def a(pair: tuple[VM, VM]) -> VM:
    return pair[0]


@pytest.fixture
def b(pair: tuple[VM, VM]) -> VM:
    return pair[1]


def reaches(vm: VM, name: str) -> bool:
    return vm.run(f"ping -c 1 -W 2 {name}").ok


def round_trip_ms(vm: VM, name: str) -> float:
    said = vm.run(f"ping -c 4 -W 10 {name}", check=True).stdout
    return min(float(time) for time in re.findall(r"time=([0-9.]+) ms", said))


def switch_pid(net: Network) -> int:
    directory = read_register(register_path(net.name)).directory
    assert directory is not None
    return int(Rendezvous(directory).lock.read_text())


def kill(pid: int) -> None:
    pidfd = os.pidfd_open(pid)
    try:
        signal.pidfd_send_signal(pidfd, signal.SIGKILL)
        assert select.select([pidfd], [], [], 30)[0]
    finally:
        os.close(pidfd)


def test_two_guests_ping_each_other_by_name(a: VM, b: VM, net: Network) -> None:
    assert reaches(a, "strae-7-b")
    assert reaches(b, "a")
    assert reaches(b, "a.lab")
    table = net.members.set_index("name")
    for vm in (a, b):
        inside = vm.run("ip -4 -o address show eth1", check=True).stdout
        assert f" {table.address[vm.name]}/24 " in inside
        mac = vm.run("cat /sys/class/net/eth1/address", check=True).stdout.strip()
        assert mac == table.mac[vm.name] != vm.handle.mac
    assert table.state.tolist() == ["running", "running"]
    assert table.host.tolist() == ["a", "strae-7-b"]


def test_the_way_out_and_the_other_names_stay_with_the_first_card(a: VM, net: Network) -> None:
    ways_out = [line for line in a.run("ip route").stdout.splitlines() if "default" in line]
    assert [way.strip() for way in ways_out] == ["default via 10.0.2.2 dev eth0"]
    assert str(a.guest_ip) == "10.0.2.15"
    assert "nameserver 10.0.2.3" in a.run("cat /etc/resolv.conf").stdout
    refused = a.run(f"nslookup example.invalid {net.subnet[1]}")
    assert "REFUSED" in refused.stdout + refused.stderr


@pytest.mark.parametrize("blocked", [(), ("a",), (STRANGE,), ("a", STRANGE)])
def test_blocked_they_do_not_and_unblocked_they_do_again(
    a: VM, b: VM, net: Network, blocked: tuple[str, ...]
) -> None:
    net.block(*blocked)
    try:
        assert not reaches(a, "strae-7-b")
        assert not reaches(b, "a")
        assert a.run("nslookup strae-7-b.lab").ok  # it is still named
    finally:
        net.unblock(*blocked)
    assert reaches(a, "strae-7-b")
    assert reaches(b, "a")


def test_a_delay_is_felt_twice_there_and_back(a: VM, net: Network) -> None:
    before_ms = round_trip_ms(a, "strae-7-b")
    net.delay = "300ms"
    try:
        assert max(600, before_ms) <= round_trip_ms(a, "strae-7-b")
    finally:
        net.delay = "0"
    assert round_trip_ms(a, "strae-7-b") < 600 + before_ms


def test_a_big_file_arrives_whole(a: VM, b: VM) -> None:
    b.run("mkdir -p /srv && dd if=/dev/urandom of=/srv/big bs=1M count=8 && httpd -h /srv")
    got = a.run("wget -q -O - http://strae-7-b/big | md5sum", check=True).stdout.split()[0]
    assert got == b.run("md5sum /srv/big; killall httpd; rm /srv/big").stdout.split()[0]


def test_a_suspended_guest_is_silent_and_is_heard_again(a: VM, b: VM) -> None:
    b.suspend()
    try:
        assert not reaches(a, "strae-7-b")
    finally:
        b.resume()
    assert reaches(a, "strae-7-b")


def test_a_killed_switch_is_back_when_anybody_looks(a: VM, b: VM, net: Network) -> None:
    address = net.members.address[1]
    kill(switch_pid(net))
    assert not reaches(a, address)
    assert net.members.address[1] == address
    assert reaches(a, address)
    assert reaches(b, "a")


def test_a_guest_keeps_its_addresses_over_restarts_and_a_third_one_joins(
    a: VM, b: VM, net: Network
) -> None:
    before = net.members
    b.stop()
    kill(switch_pid(net))
    with VM("third", memory=128, network=net) as third:
        up(third)  # brings back the switch, too
        assert reaches(third, "a")
        up(b)
        after = net.members
        assert reaches(third, "strae-7-b")
        assert after[["address", "mac", "host"]][:2].equals(before[["address", "mac", "host"]])
        assert after.address.is_unique
        assert after.mac.is_unique
    assert net.members.name.tolist() == before.name.tolist()
    assert "third" not in repr(net)


def test_two_networks_do_not_hear_each_other(a: VM, net: Network, shared_homes: Path) -> None:
    # Restricted, since what it cannot reach there must not be reached through the first card.
    other = vmnb.private("other", restrict=True)
    with VM("stranger", memory=128, network=other) as stranger:
        up(stranger)
        assert not reaches(stranger, "a")
        assert not reaches(stranger, str(net.members.address[0]))
        assert not reaches(a, "stranger")
    assert not register_path("other").exists()


def test_a_vm_whose_network_cannot_be_had_does_not_start(
    shared_homes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with VM("alone", memory=128, network=Network("broken")) as alone:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", "/bin/false")
            with pytest.raises(BackendError, match="switch of the network 'broken'"):
                alone.start()
        assert alone.state == "prepared"
        assert alone.handle.pid is None
        up(alone)
    assert not register_path("broken").exists()
