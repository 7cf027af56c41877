"""A real guest whose agent was replaced by a script that lies."""

import time
from collections.abc import Iterator

import pytest

from vmnb import VM
from vmnb.errors import VmnbError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EVIL = r"""
port=/dev/virtio-ports/org.qemu.guest_agent.0
until true 3<>$port; do kill -9 $(pidof qemu-ga); sleep 0.05; done
exec 3<>$port
echo $$ >/run/lies
asked=0
while :; do
    read -r line <&3 || { sleep 0.1; continue; }  # nobody is connected
    case $1:$line in
        *guest-sync*)
            id=${line##*\"id\": }
            printf '\377{"return": %s\n' "${id%\}}" >&3 ;;
        flood:*) cat /dev/zero >&3 ;;
        half:*) printf '{"return": {"pid": ' >&3; sleep 1000 ;;
        rubbish:*) head -c 3000 /dev/urandom >&3; echo >&3 ;;
        liar:*interfaces*)
            asked=$((asked + 1))
            address=127.0.0.1 mac=$2
            [ $asked = 2 ] && address='2001:db8::1%\u001b]52;c;eA==\u0007'
            [ $asked = 3 ] && address=192.0.2.7 mac=52:54:00:00:00:01
            [ $asked = 4 ] && address=10.0.2.15
            printf '{"return": [{"hardware-address": "%s", ' "$mac" >&3
            printf '"ip-addresses": [{"ip-address": "%s"}]}]}\n' "$address" >&3 ;;
        liar:*guest-exec-status*) echo '{"return": {"exited": true, "exitcode": "0"}}' >&3 ;;
        liar:*) echo '{"return": {"pid": 7}}' >&3 ;;
    esac
done
"""


@pytest.fixture
def lying(tiny: VM) -> Iterator[VM]:
    """The guest with the script in it; its real agent comes back by itself."""
    tiny.run("cat >/run/evil", input=EVIL, check=True)
    yield tiny
    end_the_lies(tiny)
    assert tiny.run("rm /run/evil; echo honest", timeout=60).stdout == "honest\n"


def end_the_lies(vm: VM) -> None:
    vm.run('[ ! -e /run/lies ] || kill -9 "-$(cat /run/lies)"; rm -f /run/lies', via="serial")


def lie(vm: VM, kind: str) -> None:
    end_the_lies(vm)
    begin = f"setsid sh /run/evil {kind} >/dev/null 2>&1 </dev/null &"
    vm.run(f"{begin}\nuntil [ -e /run/lies ]; do sleep 0.05; done", via="serial", check=True)


@pytest.mark.parametrize("kind", ["rubbish", "half", "flood", "liar"])
def test_a_guest_that_lies_holds_nobody_up(lying: VM, kind: str) -> None:
    lie(lying, kind)
    begun = time.monotonic()
    with pytest.raises(VmnbError):
        lying.run("true", via="agent", timeout=3)
    assert time.monotonic() - begun < 60


def test_the_address_of_a_guest_that_lies_is_that_of_its_card(lying: VM) -> None:
    lie(lying, f"liar {lying.handle.mac}")
    assert str(lying.guest_ip) == "10.0.2.15"
