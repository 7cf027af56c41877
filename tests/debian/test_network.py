"""A real Debian on a private network with a tiny guest: set up by its cloud-init alone."""

from collections.abc import Iterator

import pytest

from tests.debian.conftest import READY_S
from vmnb import VM, Network

pytestmark = [pytest.mark.slow, pytest.mark.debian, pytest.mark.timeout(READY_S + 300)]


@pytest.fixture(scope="module")
def pair(big: VM) -> Iterator[tuple[VM, VM]]:
    with VM("tiny", memory=128, network=Network("lab")) as tiny:
        tiny.start()
        big.run("cloud-init status --wait", timeout=READY_S)
        yield tiny, big


def test_both_cards_are_up_and_the_way_out_is_the_first(pair: tuple[VM, VM]) -> None:
    _, big = pair
    assert big.run("cloud-init status", check=True).stdout.strip() == "status: done"
    assert str(big.guest_ip) == "10.0.2.15"
    address = Network("lab").members.set_index("name").address["big"]
    assert f" {address}/24 " in big.run("ip -4 -o address show lan0", check=True).stdout
    ways_out = big.run("ip -4 route show default", check=True).stdout.splitlines()
    assert [way.split()[:5] for way in ways_out] == [["default", "via", "10.0.2.2", "dev", "nat0"]]
    assert " dev nat0 " in big.run("ip route get 10.0.2.3", check=True).stdout


def test_they_find_each_other_by_name(pair: tuple[VM, VM]) -> None:
    tiny, big = pair
    assert tiny.run("ping -c 1 -W 5 big").ok
    for name in ("tiny", "tiny.lab"):
        found = big.run(f"getent ahostsv4 {name}", check=True).stdout.split()[0]
        assert found == Network("lab").members.set_index("name").address["tiny"]
