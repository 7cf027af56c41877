"""Live copies of a real guest, each a machine of its own."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import pytest

import vmnb
from vmnb import VM, Fleet
from vmnb.core.errors import CapabilityError, SpecError, StateError, VmExistsError

pytestmark = pytest.mark.slow

IDENTITY = (
    "cat /proc/sys/kernel/random/uuid; head -c 16 /dev/urandom | md5sum;"
    "cat /etc/machine-id 2>/dev/null || echo it has none; hostname; date +%s"
)


@pytest.fixture(scope="module")
def source(shared_homes: Path) -> Iterator[VM]:
    """A guest of this file alone, booted, in which something runs."""
    with VM("source") as vm:
        vm.start().run("echo kept > /dev/shm/file; echo kept > /root/file", check=True)
        vm.run("sleep 100000 > /dev/null 2>&1 & echo $! > /dev/shm/pid", check=True)
        yield vm


@pytest.fixture
def fleet(source: VM) -> Iterator[Fleet]:
    fleet = source.fork(4)
    yield fleet
    fleet.destroy()


def test_each_copy_goes_on_where_the_guest_is_which_goes_on_too(source: VM, fleet: Fleet) -> None:
    assert fleet.names == ["source-1", "source-2", "source-3", "source-4"]
    assert set(fleet.states) == {"running"}
    check = "cat /dev/shm/file /root/file && kill -0 $(cat /dev/shm/pid)"
    for said in (*fleet.run(check, check=True)["stdout"], source.run(check, check=True).stdout):
        assert said == "kept\nkept\n"
    assert "source-1, source-2, source-3, source-4" in set(source.history["detail"])
    assert list(fleet[0].history["action"])[:2] == ["prepare", "awaken"]


def test_each_copy_has_a_console_of_its_own_and_what_was_said_before(fleet: Fleet) -> None:
    for vm in fleet:
        assert "Welcome to the tiny guest" in vm.console.text
        vm.console.write(f"echo console of {vm.name} $((6*7))\n")
    for vm in fleet:
        vm.console.wait_for(f"console of {vm.name} 42")


def test_what_one_writes_the_others_do_not_see(source: VM, fleet: Fleet) -> None:
    write = "hostname > /dev/shm/file; hostname > /root/file; sync; cat /dev/shm/file /root/file"
    said = fleet.run(write, check=True)["stdout"]
    assert list(said) == [f"{name}\n{name}\n" for name in fleet.names]
    assert source.run("cat /dev/shm/file /root/file").stdout == "kept\nkept\n"
    fleet[0].stop(timeout=0).start()
    assert fleet[0].run("cat /root/file").stdout == "source-1\n"


def test_ten_copies_share_nothing_that_tells_machines_apart(source: VM) -> None:
    fleet = source.fork(10)
    try:
        facts = [text.split("\n") for text in fleet.run(IDENTITY, check=True)["stdout"]]
        facts.append(source.run(IDENTITY, check=True).stdout.split("\n"))
        *told_apart, times = list(zip(*facts, strict=True))[:5]
        for values in told_apart:
            assert len(set(values)) == 11, values
        assert max(map(int, times)) - min(map(int, times)) < 60
    finally:
        fleet.destroy()


def test_connections_of_the_guest_do_not_go_on_in_its_copies(source: VM) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        connected: list[socket.socket] = []
        accepting = threading.Thread(target=lambda: connected.append(server.accept()[0]))
        accepting.start()
        source.run(
            "mkfifo /dev/shm/fifo; sleep 100000 > /dev/shm/fifo 2> /dev/null & "
            f"nc 10.0.2.2 {port} < /dev/shm/fifo > /dev/null 2>&1 &",
            check=True,
        )
        accepting.join(30)
        with closing(connected[0]), closing(server):
            connected[0].settimeout(20)
            (copy,) = source.fork(1)
            copy.run("echo of the copy > /dev/shm/fifo", check=True)
            source.run("echo of the source > /dev/shm/fifo", check=True)
            assert connected[0].recv(100) == b"of the source\n"
            copy.destroy()


def test_copies_on_a_private_network_have_addresses_and_names_of_their_own(
    shared_homes: Path,
) -> None:
    with VM("node", network=vmnb.Network("lab")) as node:
        node.start().run("true", check=True)
        fleet = node.fork(2)
        try:
            for vm, other in ((node, "node-1"), (fleet[0], "node-2"), (fleet[1], "node")):
                vm.wait_until_succeeds(f"ping -c 1 -W 1 {other}")
            cards = [vm.run("cat /sys/class/net/eth1/address").stdout for vm in (node, *fleet)]
            show = "ip -4 -o address show dev eth1 | tr -s ' ' | cut -d ' ' -f 4"
            addresses = [vm.run(show).stdout for vm in (node, *fleet)]
            assert len(set(cards)) == len(set(addresses)) == 3
        finally:
            fleet.destroy()


def test_ports_of_the_host_lead_into_each_copy(source: VM) -> None:
    (copy,) = source.fork()
    with copy:
        copy.run("mkdir -p /srv && hostname > /srv/index.html && httpd -h /srv", check=True)
        port = copy.forward(80)
        with urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
            assert answer.read() == b"source-1\n"


def test_a_copy_can_be_copied_and_can_go_back(source: VM, fleet: Fleet) -> None:
    first = fleet[0]
    first.run("echo first > /dev/shm/file", check=True)
    first.checkpoint("before")
    again = first.fork(names=["again"])["again"]
    assert again.run("cat /dev/shm/file; hostname").stdout == "first\nagain\n"
    first.run("rm /dev/shm/file", check=True)
    assert first.rewind("before").run("cat /dev/shm/file").stdout == "first\n"
    again.destroy()


def test_a_guest_that_is_copied_again_and_again_keeps_few_layers_and_loses_nothing(
    source: VM,
) -> None:
    work = source.handle.work_dir
    assert work is not None
    with source.fork(names=["stays"])[0] as stays:
        before = len(list(work.glob("layer-*")))
        for number in range(10):
            source.run(f"echo {number} > /root/copied-{number}; sync", check=True)
            source.fork(names=["goes"]).destroy()
        assert len(list(work.glob("layer-*"))) < max(before, 8) + 3
        look = "echo 3 > /proc/sys/vm/drop_caches; cat /root/file /root/copied-*"
        copied = "".join(f"{number}\n" for number in range(10))
        assert source.run(look, check=True).stdout == f"kept\n{copied}"
        assert stays.run(look).stdout == "kept\n"


def test_copies_outlive_the_guest_that_they_were_made_of(shared_homes: Path) -> None:
    with VM("parent") as parent:
        parent.start().run("echo kept > /root/file; sync", check=True)
        (child,) = parent.fork()
    with child:
        assert child.run("cat /root/file").stdout == "kept\n"
        child.stop(timeout=0).start()
        assert child.run("cat /root/file").stdout == "kept\n"


def test_where_one_copy_cannot_be_made_none_is_left(source: VM) -> None:
    with VM("taken"):
        for names, error in (
            (["free", "taken"], VmExistsError),
            (["free", "free"], SpecError),
            (["free", "a/b"], SpecError),
        ):
            with pytest.raises(error):
                source.fork(names=names)
    with pytest.raises(SpecError, match="2 names for 3 copies"):
        source.fork(3, names=["a", "b"])
    for count in (0, -1, True, 1.5):
        with pytest.raises(SpecError):
            source.fork(count)  # type: ignore[arg-type]
    assert not {"free", "a", "b"} & set(vmnb.machines()["name"])
    assert source.run("cat /dev/shm/file").stdout == "kept\n"


def test_what_does_not_run_or_cannot_be_copied_is_refused(shared_homes: Path) -> None:
    with VM("at rest") as vm, pytest.raises(StateError, match="does not run"):
        vm.fork()
    with VM("noop", backend="noop").start() as vm, pytest.raises(CapabilityError, match="fork"):
        vm.fork()
