"""Waiting for what happens inside a real guest, and not longer than the guest lives."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.boot_sector import boot_disk
from vmnb import VM
from vmnb.core.errors import CapabilityError, DeadlineError, GuestError, SpecError, StateError

pytestmark = pytest.mark.slow

LONG_S = 3600.0
"""Much longer than a test may take."""

ASKS = "echo asked >/dev/ttyS0; false"
"""Tells on the console that it is run, and does not succeed."""

# cli; si = text; print each byte when bit 5 of port 0x3fd (transmitter empty) is set; halt
SAYS = bytes.fromhex("31c08ed8be237cfcac84c0741288c4bafd03eca82074fbbaf80388e0eeebe9fbf4ebfd")


@pytest.fixture
def running(tiny: VM) -> Iterator[VM]:
    """A live copy of the guest, which the test may end."""
    with tiny.fork(names=["mortal"])[0] as copy:
        yield copy


@pytest.fixture(scope="module")
def seeded(shared_homes: Path) -> Iterator[VM]:
    """A guest that has a seed, and no cloud-init of its own."""
    with VM("seeded", memory=128, cloud_init="#cloud-config\n") as vm:
        yield vm.start().wait_ready()


@pytest.fixture
def other_thread() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor() as pool:
        yield pool


def test_ready_is_when_commands_run(shared_homes: Path) -> None:
    with VM("booted", memory=128) as vm:
        with pytest.raises(StateError, match="cannot wait in 'booted'") as caught:
            vm.wait_ready()
        assert caught.value.hint == "vm.start()"
        assert vm.start().wait_ready() is vm
        assert vm.run("true", timeout=10).ok
        vm.suspend()
        with pytest.raises(StateError, match="it is suspended"):
            vm.wait_ready()


def test_a_port_that_opens_later(tiny: VM) -> None:
    later = "httpd -f -p 127.0.0.1:81 -h /srv"
    tiny.run(f"mkdir -p /srv; (sleep 1; exec {later}) >/dev/null 2>&1 &", check=True)
    assert tiny.wait_for_port(81) is tiny
    with pytest.raises(DeadlineError, match=r"tcp port 81 of 10\.0\.2\.15.*: 127\.0\.0\.1 port 81"):
        tiny.wait_for_port(81, 5, address="10.0.2.15")
    with pytest.raises(DeadlineError, match="udp port 81"):
        tiny.wait_for_port(81, 5, protocol="udp")
    tiny.run("killall httpd", check=True)


def test_a_port_of_all_addresses_and_one_of_udp(tiny: VM) -> None:
    tiny.run("(nc -l -p 82; true) >/dev/null 2>&1 &", check=True)
    tiny.wait_for_port(82).wait_for_port(82, address="10.0.2.15")
    dhcp = "start 10.9.9.2\nend 10.9.9.3\ninterface eth0\n"
    tiny.run("cat >/tmp/dhcp; udhcpd -f /tmp/dhcp >/dev/null 2>&1 &", input=dhcp, check=True)
    tiny.wait_for_port(67, protocol="udp")
    tiny.run("killall nc udhcpd; rm /tmp/dhcp", check=True)


def test_a_file_that_appears_later(tiny: VM) -> None:
    path = '/tmp/it\'s $(not) "there" yet, größe'
    tiny.run(["sh", "-c", '(sleep 1; : >"$1") >/dev/null 2>&1 &', "sh", path], check=True)
    assert tiny.wait_for_file(path) is tiny
    tiny.run(["rm", path], check=True)
    with pytest.raises(DeadlineError, match=re.escape(repr(path))):
        tiny.wait_for_file(path, 0.3)


def test_a_guest_without_systemd_has_no_units(tiny: VM) -> None:
    with pytest.raises(GuestError, match="there is no systemd"):
        tiny.wait_for_unit("ssh", LONG_S)


def test_a_command_that_succeeds_later_gives_its_own_result(tiny: VM) -> None:
    tiny.run("(sleep 1; echo now >/tmp/later) >/dev/null 2>&1 &", check=True)
    result = tiny.wait_until_succeeds("cat /tmp/later; s=$?; echo err >&2; exit $s")
    assert (result.stdout, result.stderr) == ("now\n", "err\n")
    tiny.run("rm /tmp/later", check=True)


def test_a_command_that_never_succeeds_shows_how_it_failed(tiny: VM) -> None:
    with pytest.raises(DeadlineError, match=r"waited 0\.5 s in vain") as caught:
        tiny.wait_until_succeeds("echo 'oh \033[2J' >&2; exit 3", 0.5)
    message = caught.value.message
    assert "exit code 3\n  oh \\x1b[2J\n" in message
    assert "the last lines of its console:\n  " in message
    assert message.endswith("root@tiny-guest:~#")


def test_a_command_that_hangs_is_killed_in_time_and_shown(tiny: VM) -> None:
    with pytest.raises(DeadlineError, match=r"did not end within 2 s and was killed\n  hanging"):
        tiny.wait_until_succeeds("echo hanging; sleep 4242", 2)
    assert not tiny.run("grep -l sleep /proc/[0-9]*/comm").ok


@pytest.mark.parametrize("wrong", ["", [], "nul\0", 7])
def test_a_command_that_is_none_is_refused_at_once(tiny: VM, wrong: str) -> None:
    with pytest.raises(SpecError):
        tiny.wait_until_succeeds(wrong, LONG_S)


def test_a_time_that_is_none_is_refused(tiny: VM) -> None:
    for timeout in (-1, float("nan"), float("inf")):
        with pytest.raises(SpecError, match="timeout"):
            tiny.wait_for_file("/", timeout)
        with pytest.raises(SpecError, match="timeout"):
            tiny.wait_for_console_text("x", timeout)


def test_a_word_on_the_console(tiny: VM) -> None:
    tiny.run("(sleep 1; echo the word: 42 >/dev/ttyS0) >/dev/null 2>&1 &", check=True)
    assert tiny.wait_for_console_text(r"word: \d+") is tiny
    with pytest.raises(DeadlineError, match=r"'ne\+ver'.*\n(.*\n)*.*the word: 42"):
        tiny.wait_for_console_text(re.compile("ne+ver"), 0.3)
    with pytest.raises(SpecError, match="regular expression"):
        tiny.wait_for_console_text("(")


def test_the_twins_are_awaited(tiny: VM) -> None:
    async def scenario() -> str:
        aio = tiny.aio
        await aio.wait_ready()
        await aio.wait_for_file("/proc")
        with pytest.raises(DeadlineError):
            await aio.wait_for_port(84, 0.1)
        with pytest.raises(GuestError):
            await aio.wait_for_unit("ssh")
        await aio.wait_for_console_text("#")
        return (await aio.wait_until_succeeds("echo x")).stdout

    assert asyncio.run(scenario()) == "x\n"


def test_a_wait_goes_on_over_a_restart_of_the_guest(running: VM) -> None:
    once = "[ -e /root/again ] && exit; touch /root/again; sync; reboot; sleep 4242"
    running.wait_until_succeeds(once)
    assert "reboot" in list(running.history["action"])


def test_a_wait_goes_on_over_a_pause(running: VM, other_thread: ThreadPoolExecutor) -> None:
    waiting = other_thread.submit(running.wait_until_succeeds, f"[ -e /run/go ] || {{ {ASKS}; }}")
    running.wait_for_console_text("asked")
    running.suspend()
    with pytest.raises(DeadlineError):  # time for another question, which is not answered
        running.wait_for_state("running", 3)
    running.resume().run("touch /run/go", check=True)
    assert waiting.result(60).ok


def in_another_process(vm: VM) -> None:
    code = f"from vmnb import VM; VM.attach({vm.name!r}).stop(0)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize(
    ("end", "how"),
    [
        (lambda vm: vm.stop(0), "is stopped (stop, by user)"),
        (lambda vm: vm.stop(), "is stopped (stop, by user)"),
        (in_another_process, "is stopped ("),
        (lambda vm: vm.console.write("poweroff -f\n"), "is stopped (power-off, by guest)"),
        (
            lambda vm: vm.console.write("echo c >/proc/sysrq-trigger\n"),
            "is failed (panic, by guest: the guest's kernel panicked)",
        ),
    ],
)
def test_a_wait_ends_at_once_with_the_vm(
    running: VM, other_thread: ThreadPoolExecutor, end: Callable[[VM], object], how: str
) -> None:
    asking = other_thread.submit(running.wait_until_succeeds, ASKS, LONG_S)
    listening = other_thread.submit(running.wait_for_console_text, "ne+ver", LONG_S)
    running.wait_for_console_text(r"(?s)asked.*asked")
    end(running)
    for waiting, last in ((asking, "last seen: 'echo asked"), (listening, "of its console")):
        with pytest.raises(StateError) as caught:
            waiting.result(60)
        assert f"'mortal' {how}" in caught.value.message
        assert last in caught.value.message
        assert "\nthe last lines of its console:\n  " in caught.value.message
        assert caught.value.hint == "vm.history tells what happened"


def test_a_wait_ends_at_once_where_the_vm_is_destroyed(
    shared_homes: Path, other_thread: ThreadPoolExecutor
) -> None:
    with VM("short-lived", memory=128) as vm:
        asking = other_thread.submit(vm.start().wait_until_succeeds, ASKS, LONG_S)
        vm.wait_for_console_text("asked")
        listening = other_thread.submit(vm.wait_for_console_text, "ne+ver", LONG_S)
    for waiting in (asking, listening):
        with pytest.raises(StateError, match="destroyed"):
            waiting.result(60)


def test_the_last_words_of_a_vm_that_ends_count(running: VM) -> None:
    running.console.write("sleep 1; echo fare''well; poweroff -f\n")
    running.wait_for_console_text("farewell", LONG_S)


@pytest.mark.parametrize("exit_code", [0, 2])
def test_ready_waits_for_cloud_init(seeded: VM, exit_code: int) -> None:
    pretend_cloud_init(seeded, f"sleep 1; touch /run/done; exit {exit_code}")
    seeded.run("rm -f /run/done", check=True)
    seeded.wait_ready()
    assert seeded.run("[ -e /run/done ]").ok


def test_ready_says_why_cloud_init_failed(seeded: VM) -> None:
    pretend_cloud_init(seeded, "echo status: error; echo bad schema; exit 1")
    with pytest.raises(GuestError, match=r"exit code 1\n  status: error\n  bad schema"):
        seeded.wait_ready()


def pretend_cloud_init(vm: VM, script: str) -> None:
    vm.run(
        "cat >/usr/bin/cloud-init; chmod 755 /usr/bin/cloud-init", input=f"#!/bin/sh\n{script}\n"
    )


def test_a_guest_without_an_agent_is_ready_when_it_asks_for_a_login(shared_homes: Path) -> None:
    image = says(shared_homes / "login.img", "box login: ")
    with VM("box", image=image, memory=32) as vm:
        vm.start().wait_ready()
        assert vm.console.text.endswith("box login:")


def test_a_guest_that_never_is_ready_shows_its_console(shared_homes: Path) -> None:
    image = says(shared_homes / "silent.img", "no login here")
    with VM("box", image=image, memory=32) as vm:
        vm.start().wait_for_console_text("here")
        with pytest.raises(DeadlineError, match=r"(?s)agent did not answer.*\n  no login here"):
            vm.wait_ready(1)


def says(image: Path, text: str) -> Path:
    """Make a disk whose boot sector says `text` on the serial port."""
    return boot_disk(image, SAYS + text.encode())


def test_a_backend_without_guests_cannot_be_waited_for(shared_homes: Path) -> None:
    with VM("nobody", backend="noop") as vm:
        vm.start()
        with pytest.raises(CapabilityError, match="runs no commands"):
            vm.wait_ready()
        with pytest.raises(CapabilityError, match="runs no commands"):
            vm.wait_for_port(80)
        with pytest.raises(CapabilityError, match="no console"):
            vm.wait_for_console_text("x")
