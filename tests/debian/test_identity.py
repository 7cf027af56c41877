"""A real Debian, whose kernel does not hear that it is a copy, takes on another identity."""

import asyncio
import time
from collections.abc import Iterator

import asyncssh
import pytest

from tests.debian.conftest import READY_S
from vmnb import VM
from vmnb.core import runtime
from vmnb.guest import GuestAgent
from vmnb.guest.identity import Identity, take_on
from vmnb.guest.ssh_place import host_keys_path
from vmnb.guest.ssh_trust import HostKeys

pytestmark = [pytest.mark.slow, pytest.mark.debian, pytest.mark.timeout(READY_S + 300)]

NEW_MAC = "52:54:00:ab:cd:ef"
UNTIL_READDRESSED = """
while ip -o addr show scope global | grep -qF " $0/" || ! ip route | grep -q '^default' ||
    ! ip -6 -o addr show scope link | grep -q "$1/64"; do
    sleep 0.2
done
ip -o addr show
"""


def become(vm: VM, identity: Identity) -> None:
    handle = vm.handle
    assert handle.agent_socket
    assert handle.work_dir
    socket, keys = handle.agent_socket, HostKeys(host_keys_path(handle.work_dir), handle.id)

    async def act() -> None:
        await take_on(GuestAgent.of(socket), identity, timeout_s=120, host_keys=keys)

    runtime.run(act())


def said(vm: VM, script: str, *arguments: str) -> str:
    command = ["/bin/sh", "-c", script, *arguments]
    return vm.run(command, via="agent", check=True, timeout=300).stdout.strip()


@pytest.fixture
def names(debian: VM) -> Iterator[None]:
    """Give the shared guest its own names back."""
    hostname, machine_id = said(debian, "hostname; cat /etc/machine-id").split()
    yield
    seed = Identity.fresh(hostname).seed
    become(
        debian,
        Identity(hostname=hostname, machine_id=machine_id, macs={}, ssh_host_key=None, seed=seed),
    )


@pytest.mark.usefixtures("names")
def test_names_and_the_servers_key_are_new(debian: VM) -> None:
    debian.run("true", via="ssh", check=True)
    identity = Identity.fresh("seminar-2", ssh=True)
    assert identity.ssh_host_key
    become(debian, identity)
    names = said(debian, "hostname; cat /etc/hostname /etc/machine-id").split()
    assert names == ["seminar-2", "seminar-2", identity.machine_id]
    keys = said(debian, "ls /etc/ssh/ssh_host_*; stat -c %a /etc/ssh/ssh_host_*_key").split()
    assert keys == ["/etc/ssh/ssh_host_ed25519_key", "/etc/ssh/ssh_host_ed25519_key.pub", "600"]
    runtime.run(debian._live.ways.aclose())
    assert debian.run("hostname", via="ssh").stdout == "seminar-2\n"
    assert shown_key(debian) == identity.ssh_host_key.public


def shown_key(vm: VM) -> str:
    port = vm.handle.ssh_host_port
    assert port
    key = asyncio.run(asyncssh.get_server_host_key("127.0.0.1", port))
    assert key
    return key.export_public_key().decode().strip()


@pytest.mark.usefixtures("names")
def test_its_clock_is_right(debian: VM) -> None:
    said(debian, "date -s 2020-02-02")
    began = time.time()
    become(debian, Identity.fresh("seminar"))
    theirs = float(said(debian, "date +%s.%N"))
    assert began < theirs < time.time()


@pytest.mark.usefixtures("names")
def test_its_card_has_another_address_and_a_lease_of_its_own(debian: VM) -> None:
    mac = debian.handle.mac
    assert mac
    for old, new in ((mac, NEW_MAC), (NEW_MAC, mac)):
        before = said(debian, "ip -4 -o addr show scope global | sed 's|.*inet ||; s|/.*||'")
        become(debian, Identity.fresh("seminar", macs={old: new}))
        end = new[-5:].replace(":", "")
        addresses = said(debian, UNTIL_READDRESSED, before, end)
        assert new in said(debian, "cat /sys/class/net/en*/address")
        assert all(f"{end}/64" in line for line in addresses.splitlines() if " fe80:" in line)
        said(debian, "ping -c 1 -W 30 10.0.2.2")
