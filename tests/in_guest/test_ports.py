"""Ports of the host that lead into a real guest."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

import vmnb
from vmnb import VM
from vmnb.core import runtime
from vmnb.core.errors import BackendError, SpecError, StateError
from vmnb.notebook.tables.forwards import FORWARD_SCHEMA

pytestmark = pytest.mark.slow

WEB_SERVER = "mkdir -p /srv && echo hello > /srv/index.html && httpd -h /srv"


@pytest.fixture(scope="module")
def web(tiny: VM) -> Iterator[VM]:
    """The guest with a web server in it."""
    tiny.run(WEB_SERVER, check=True)
    yield tiny
    tiny.run("killall httpd", check=True)


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program has."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def fetch(port: int) -> str:
    with urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:
        return str(answer.read().decode())


def said_by(vm: VM, label: str) -> str:
    runtime.run(vm._live.refresh())
    return dict(vm._live.card()["facts"])[label]


def listening_on(port: int) -> set[str]:
    """Return the addresses on which something of this host listens at `port`, as /proc has them."""
    tables = (Path("/proc/net") / name for name in ("tcp", "tcp6"))
    lines = [line for table in tables for line in table.read_text().splitlines()]
    found = (re.search(r": ([0-9A-F]+):([0-9A-F]{4}) \S+ 0A ", line) for line in lines)
    return {match[1] for match in found if match and int(match[2], 16) == port}


def test_a_port_of_the_systems_choice_leads_to_a_web_server_until_it_is_closed(web: VM) -> None:
    port = web.forward(80)
    assert fetch(port) == "hello\n"
    assert listening_on(port) == {"0100007F"}
    assert web.forwards.values.tolist() == [["tcp", "127.0.0.1", port, 80]]
    web.unforward(port)
    with pytest.raises(URLError, match="refused"):
        fetch(port)
    assert web.forwards.empty
    assert dict(web.forwards.dtypes.astype(str)) == dict(FORWARD_SCHEMA)


def test_two_ports_lead_to_the_same_one_of_the_guest(web: VM) -> None:
    ports = {web.forward(80), web.forward(80)}
    assert len(ports) == 2
    assert {fetch(port) for port in ports} == {"hello\n"}
    for port in ports:
        web.unforward(port)


def test_udp_is_forwarded_too(tiny: VM) -> None:
    port = tiny.forward(53, protocol="udp")
    assert tiny.forwards.values.tolist() == [["udp", "127.0.0.1", port, 53]]
    with closing(socket.socket(type=socket.SOCK_DGRAM)) as other:
        with pytest.raises(OSError, match="in use"):
            other.bind(("127.0.0.1", port))
        tiny.unforward(port, "udp")
        other.bind(("127.0.0.1", port))


def test_a_port_that_another_program_has_is_refused_and_nothing_changes(
    tiny: VM, taken: int
) -> None:
    with pytest.raises(BackendError, match=f"tcp port {taken} of this machine") as caught:
        tiny.forward(80, host_port=taken)
    assert f"sport = :{taken}" in caught.value.hint
    assert tiny.forwards.empty


def test_what_is_not_forwarded_cannot_be_closed(tiny: VM) -> None:
    with pytest.raises(BackendError, match="leads not into"):
        tiny.unforward(9)


@pytest.mark.parametrize(
    ("guest", "host", "protocol"), [(0, None, "tcp"), (80, 70000, "tcp"), (80, None, "sctp")]
)
def test_a_port_that_is_none_is_refused(
    tiny: VM, guest: int, host: int | None, protocol: str
) -> None:
    with pytest.raises(SpecError):
        tiny.forward(guest, host, protocol)


def test_the_ports_of_a_spec_are_open_at_every_start_and_a_second_vm_cannot_have_them(
    shared_homes: Path, taken: int
) -> None:
    with VM("a", memory=128, network=vmnb.user(forward=[80, 81])) as a:
        with pytest.raises(StateError, match="does not run"):
            a.forward(80)
        for _ in range(2):
            a.start().run(WEB_SERVER, check=True)
            forwards = dict(zip(a.forwards.guest_port, a.forwards.host_port, strict=True))
            assert set(forwards) == {80, 81}
            assert fetch(forwards[80]) == "hello\n"
            a.stop()
    network = vmnb.user(forward={taken: 80})
    with VM("b", memory=128, network=network) as b:
        with pytest.raises(BackendError, match=f"port {taken} of this machine cannot be forwarded"):
            b.start()
        assert b.state == "prepared"
        assert b.handle.pid is None


def test_a_restricted_guest_reaches_nobody_and_can_still_be_reached(
    tiny: VM, shared_homes: Path
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
        threading.Thread(target=_accept_for_ever, args=(server,), daemon=True).start()
        reach = f"nc -w 5 10.0.2.2 {port} </dev/null"
        assert tiny.run(reach).ok
        with VM("shy", memory=128, network=vmnb.user(forward=[80], restrict=True)) as shy:
            shy.start().run(WEB_SERVER, check=True)
            assert not shy.run(reach).ok
            assert fetch(int(shy.forwards.host_port[0])) == "hello\n"


def _accept_for_ever(server: socket.socket) -> None:
    while True:
        try:
            server.accept()[0].close()
        except OSError:
            return


def test_the_card_says_how_this_computer_reaches_the_guest(web: VM) -> None:
    assert said_by(web, "From this computer") == "no port leads into it; vm.forward(80) opens one"
    port = web.forward(80)
    assert said_by(web, "From this computer") == f"127.0.0.1:{port}→80"
    web.unforward(port)
    assert said_by(web, "From this computer") == "no port leads into it; vm.forward(80) opens one"
