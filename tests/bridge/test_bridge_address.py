"""The address of a card on a bridge, told by its hardware address alone."""

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.bridge.inside import BRIDGE, HOST, ip, lease_file, make_bridge, peer, run_inside
from tests.guest.peer import Peer
from vmnb.backends.qemu.network.address import find_address
from vmnb.backends.qemu.network.bridge_address import BridgeSearch
from vmnb.backends.qemu.network.leases import find_leases
from vmnb.backends.qemu.network.netlink import neighbour_news, neighbours
from vmnb.core.errors import DeadlineError
from vmnb.core.handle import VmHandle
from vmnb.core.network import NetworkConfig
from vmnb.core.spec import VmSpec

SPEAK = (
    *(sys.executable, "-c"),
    f"import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'hello', ({HOST!r}, 9))",
)
MAC = "52:54:00:01:23:45"
OTHER = "52:54:00:01:23:46"
NOW_TICKS = int(time.clock_gettime(time.CLOCK_BOOTTIME) * os.sysconf("SC_CLK_TCK"))
HANDLE = VmHandle(
    id="0" * 32, backend="qemu", spec=VmSpec(name="vm"), mac=MAC, pid_start=NOW_TICKS - 100
)


def search() -> str:
    return str(asyncio.run(BridgeSearch(HANDLE, BRIDGE).find()))


def fails_to_find() -> BridgeSearch:
    searching = BridgeSearch(HANDLE, BRIDGE)

    async def look(find: Callable[[], Awaitable[object]]) -> None:
        async with asyncio.timeout(1.5):
            await find()

    with pytest.raises(TimeoutError):
        asyncio.run(look(searching.find))
    return searching


def remember(address: str, mac: str, state: str) -> None:
    ip("neighbour", "replace", address, "lladdr", mac, "dev", BRIDGE, "nud", state)


def among_others() -> None:
    make_bridge()
    remember("10.9.0.2", OTHER, "reachable")
    with peer(OTHER, "10.9.0.2/24"), peer(MAC, "10.9.0.3/24") as guest:
        guest(*SPEAK)
        assert search() == "10.9.0.3"


def test_another_machine_that_answers_first_is_not_taken_for_the_guest() -> None:
    run_inside(among_others)


def stale() -> None:
    make_bridge()
    remember("10.9.0.9", MAC, "stale")
    remember("10.9.0.8", MAC, "reachable")
    with peer(MAC, "10.9.0.3/24"):
        later = replace(HANDLE, pid_start=NOW_TICKS + 10**9)
        searching = BridgeSearch(later, BRIDGE)
        remember("10.9.0.3", MAC, "stale")
        assert str(asyncio.run(searching.find())) == "10.9.0.3"


def test_what_is_remembered_from_before_counts_only_where_the_guest_answers() -> None:
    run_inside(stale)


def changed() -> None:
    make_bridge()
    with peer(MAC, "10.9.0.3/24") as guest:
        guest(*SPEAK)
        assert search() == "10.9.0.3"
        guest("ip", "address", "flush", "dev", "eth0")
        guest("ip", "address", "add", "10.9.0.4/24", "dev", "eth0")
        remember("10.9.0.3", MAC, "stale")
        guest(*SPEAK)
        assert search() == "10.9.0.4"


def test_a_new_address_is_told_once_the_old_one_is_no_longer_vouched_for() -> None:
    run_inside(changed)


def silent() -> None:
    make_bridge()
    # It knows no way to anybody: it says for whose card its address is, and nothing else.
    with peer(MAC, "10.9.0.3/32"):
        remember("10.9.0.3", MAC, "stale")
        assert search() == "10.9.0.3"


@pytest.mark.slow  # the kernel takes five seconds before it asks
def test_a_guest_that_refuses_nothing_is_still_found() -> None:
    run_inside(silent)


def nobody() -> None:
    make_bridge()
    with peer(OTHER, "10.9.0.2/24") as other:
        other(*SPEAK)
        remember("10.9.0.9", MAC, "stale")
        said = fails_to_find().outcome()
        assert f"no neighbour with the card {MAC} answers on the bridge {BRIDGE}" in said


def test_nobody_is_found_where_the_card_answers_nowhere() -> None:
    run_inside(nobody)


def lent() -> None:
    make_bridge()
    lines = [f"0 {OTHER} 10.9.0.2 * *", f"0 {MAC} 10.9.0.9 * *", f"0 {MAC} 10.9.0.3 vm *"]
    lease_file().write_text("\n".join(lines))
    with peer(OTHER, "10.9.0.2/24", "10.9.0.9/24"), peer(MAC, "10.9.0.3/24"):
        assert search() == "10.9.0.3"


def test_of_what_is_lent_to_the_card_that_is_told_which_the_card_answers_to() -> None:
    run_inside(lent)


def raced() -> None:
    make_bridge()

    async def find(answer: bytes, timeout_s: float) -> str:
        with TemporaryDirectory() as folder:
            network = NetworkConfig.tap(BRIDGE)
            handle = replace(
                HANDLE,
                spec=VmSpec(name="vm", network=network),
                qmp_socket=Path(folder) / "qmp0.sock",
            )
            async with Peer(Path(folder) / "agent.sock", lambda _: answer):
                return str(await find_address(handle, timeout_s))

    refusal = b'{"error": {"desc": "no"}}\n'
    with peer(MAC, "10.9.0.3/24"):
        remember("10.9.0.3", MAC, "stale")
        assert asyncio.run(find(refusal, 60.0)) == "10.9.0.3"
    with pytest.raises(DeadlineError) as caught:
        asyncio.run(find(b'{"return": []}\n', 1.0))
    assert "its agent knows of none" in caught.value.message
    assert f"answers on the bridge {BRIDGE}" in caught.value.message


def test_the_neighbours_tell_where_the_agent_does_not_and_all_is_said_that_was_asked() -> None:
    run_inside(raced)


def sixth() -> None:
    make_bridge()
    ip("address", "add", "fd09::1/64", "dev", BRIDGE, "nodad")
    with peer(MAC) as guest:
        guest("ip", "address", "add", "fd09::3/64", "dev", "eth0", "nodad")
        remember("fd09::3", MAC, "stale")
        assert search() == "fd09::3"


def test_an_address_of_ipv6_will_do() -> None:
    run_inside(sixth)


def news() -> None:
    make_bridge()

    async def wait() -> None:
        with neighbour_news() as event:
            assert not event.is_set()
            remember("10.9.0.7", MAC, "reachable")
            await event.wait()

    asyncio.run(wait())
    assert [(str(n.address), n.mac) for n in neighbours() if n.mac == MAC] == [("10.9.0.7", MAC)]
    ip("neighbour", "delete", "10.9.0.7", "dev", BRIDGE)
    assert MAC not in {n.mac for n in neighbours()}


def test_the_kernel_tells_when_there_is_a_neighbour() -> None:
    run_inside(news)


def test_leases_are_read_from_files_of_dnsmasq_and_of_libvirt(tmp_path: Path) -> None:
    files = {
        "var/lib/misc/dnsmasq.leases": f"duid 00:01\n17 {MAC} 10.0.0.5 vm 01:52\nnonsense\n"
        f"17 {OTHER} 10.0.0.6 * *\n17 {MAC} nonsense * *\n",
        "var/lib/libvirt/dnsmasq/virbr0.status": '[{"ip-address": "10.0.0.7", "mac-address": "'
        + MAC.upper()
        + '"}, {"ip-address": "10.0.0.8"}]',
        "var/lib/libvirt/dnsmasq/virbr1.status": '{"broken": ',
        "var/lib/libvirt/dnsmasq/virbr2.status": "5",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = find_leases(MAC, tmp_path)
    assert sorted(map(str, found.addresses)) == ["10.0.0.5", "10.0.0.7"]
    assert set(found.files) == {tmp_path / name for name in files}
