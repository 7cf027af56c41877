"""The tiny guest in a bare QEMU: what it does once it runs."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from tests.bench.bare_boot import JsonLines, bare_argv, connection, make_overlay, qemu
from vmnb.images import BootImage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(90)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """The serial port: what is typed and what is read."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def until(self, text: str) -> str:
        return (await self.reader.readuntil(text.encode())).decode(errors="replace")

    def type(self, line: str) -> None:
        self.writer.write(f"{line}\n".encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    process: asyncio.subprocess.Process
    agent: JsonLines
    qmp: JsonLines
    console: Console

    async def event(self, name: str) -> dict[str, Any]:
        while (message := await self.qmp.read()).get("event") != name:
            pass
        return message

    async def answered(self) -> None:
        await self.agent.ask("guest-ping")

    async def sleeps(self) -> None:
        """Wait until a sleep runs: before it does, a key's signal may get nobody."""
        await self.shell("until pidof sleep; do sleep 0.05; done")

    async def shell(self, command: str) -> str:
        return await self.agent.run("sh", "-c", command)


@contextlib.asynccontextmanager
async def booted(image: BootImage, disk: Path, *extra: str) -> AsyncIterator[Guest]:
    folder = disk.parent
    for name in ("qmp", "agent", "console"):
        (folder / name).unlink(missing_ok=True)
    if not await asyncio.to_thread(disk.exists):
        await make_overlay(image, disk)
    async with (
        qemu(bare_argv(image, disk, folder, extra), folder) as process,
        connection(folder / "console") as (reader, writer),
        JsonLines.open(folder / "qmp") as qmp,
        JsonLines.open(folder / "agent") as agent,
    ):
        await qmp.read()  # the greeting
        await qmp.ask("qmp_capabilities")
        console = Console(reader=reader, writer=writer)
        yield Guest(process=process, agent=agent, qmp=qmp, console=console)


Act = Callable[[Guest], Coroutine[Any, Any, None]]


@pytest.fixture
def boot(tiny: BootImage, tmp_path: Path) -> Callable[..., None]:
    """Boot the guest, always on the same disk, and act in it."""

    def run(act: Act, *extra: str, image: BootImage = tiny) -> None:
        async def main() -> None:
            async with booted(image, tmp_path / "disk.qcow2", *extra) as guest:
                await act(guest)

        asyncio.run(main())

    return run


Boot = Callable[..., None]
Look = Callable[[Act], None]


@pytest.fixture(scope="module")
def look(tiny: BootImage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Look]:
    """Look into one guest that was booted for all who leave it as it is."""
    disk = tmp_path_factory.mktemp("looked-into") / "disk.qcow2"
    stack = contextlib.AsyncExitStack()
    with asyncio.Runner() as runner:
        guest = runner.run(stack.enter_async_context(booted(tiny, disk)))
        yield lambda act: runner.run(act(guest))
        runner.run(stack.aclose())


def test_the_serial_console_has_a_root_shell_with_job_control(boot: Boot) -> None:
    async def act(guest: Guest) -> None:
        greeting = await guest.console.until("root@tiny:~# ")
        assert "job control" not in greeting
        guest.console.type("echo $((6*7))")
        assert "42" in (await guest.console.until("42\r\n"))
        guest.console.type("sh -c 'echo runs; sleep 1000'")
        await guest.console.until("runs\r\n")
        await guest.sleeps()
        guest.console.writer.write(b"\x1a")  # Ctrl-Z
        await guest.console.until("Stopped")
        guest.console.type("tty; id -u; pwd")
        assert "/dev/ttyS0\r\n0\r\n/root\r\n" in await guest.console.until("/root\r\n")
        guest.console.type("kill -9 %1; wait")
        guest.console.type("echo begins; sleep 1000")
        await guest.console.until("begins\r\n")
        await guest.sleeps()
        guest.console.writer.write(b"\x03")  # Ctrl-C
        await guest.console.until("root@tiny:~# ")
        guest.console.type("exit")
        await guest.console.until("Welcome to the tiny guest")  # a new shell

    boot(act)


def test_the_agent_runs_programs(look: Look) -> None:
    async def act(guest: Guest) -> None:
        await guest.answered()
        assert await guest.agent.run("uname", "-s") == "Linux\n"
        info = await guest.agent.ask("guest-get-osinfo")
        assert info["id"] == "vmnb-tiny"
        assert info["pretty-name"].startswith("vmnb tiny guest (")

    look(act)


def test_the_host_name_comes_from_the_kernel_command_line(boot: Boot, tiny: BootImage) -> None:
    async def act(guest: Guest) -> None:
        await guest.console.until("root@web-1:~# ")
        assert await guest.shell("hostname") == "web-1\n"

    boot(act, image=replace(tiny, cmdline=f"{tiny.cmdline} vmnb.hostname=web-1"))


def test_an_address_and_a_name_server_come_by_dhcp(look: Look) -> None:
    async def act(guest: Guest) -> None:
        wait = "until grep -q nameserver /etc/resolv.conf; do usleep 50000; done"
        await guest.shell(f"timeout 60 sh -c '{wait}'")
        interfaces = await guest.agent.ask("guest-network-get-interfaces")
        addresses = {
            address["ip-address"]
            for interface in interfaces
            for address in interface.get("ip-addresses", [])
        }
        assert "10.0.2.15" in addresses
        assert "default via 10.0.2.2" in await guest.shell("ip route")
        assert "nameserver 10.0.2.3" in await guest.shell("cat /etc/resolv.conf")

    look(act)


def test_what_is_written_survives_a_power_off_typed_in_the_guest(boot: Boot) -> None:
    async def write(guest: Guest) -> None:
        await guest.console.until("~# ")
        guest.console.type("echo kept > /root/note; poweroff")
        await guest.process.wait()
        assert guest.process.returncode == 0

    async def read(guest: Guest) -> None:
        assert await guest.shell("cat /root/note") == "kept\n"
        assert "recover" not in await guest.shell("dmesg | grep EXT4"), "it was unmounted"

    boot(write)
    boot(read)


def test_what_was_synced_survives_a_kill_of_the_machine(boot: Boot) -> None:
    async def write(guest: Guest) -> None:
        await guest.shell("echo kept > /root/note; sync")

    async def read(guest: Guest) -> None:
        assert await guest.shell("cat /root/note") == "kept\n"

    boot(write)
    boot(read)


def test_the_power_button_powers_off_with_the_disk_unmounted(boot: Boot) -> None:
    async def press(guest: Guest) -> None:
        await guest.shell("timeout 60 sh -c 'until pidof acpid; do usleep 50000; done'")
        await guest.shell("echo kept > /root/note")
        await guest.qmp.ask("system_powerdown")
        assert (await guest.event("SHUTDOWN"))["data"]["reason"] == "guest-shutdown"
        await guest.process.wait()
        assert guest.process.returncode == 0

    async def read(guest: Guest) -> None:
        assert await guest.shell("cat /root/note") == "kept\n"
        assert "recover" not in await guest.shell("dmesg | grep EXT4"), "it was unmounted"

    boot(press)
    boot(read)


def test_the_agent_powers_off(boot: Boot) -> None:
    async def act(guest: Guest) -> None:
        await guest.answered()
        guest.agent.send("guest-shutdown", mode="powerdown")  # which has no answer
        await guest.process.wait()
        assert guest.process.returncode == 0

    boot(act)


def test_reboot_boots_again(boot: Boot) -> None:
    async def act(guest: Guest) -> None:
        await guest.console.until("~# ")
        guest.console.type("echo kept > /root/note; reboot")
        assert (await guest.event("RESET"))["data"]["guest"]
        await guest.console.until("Welcome to the tiny guest")
        await guest.console.until("~# ")
        guest.console.type("cat /root/note")
        await guest.console.until("kept\r\n")

    boot(act)


@pytest.mark.parametrize("device", ["pvpanic-pci", "pvpanic"])
def test_a_panic_of_the_kernel_is_told_to_qemu(boot: Boot, device: str) -> None:
    async def act(guest: Guest) -> None:
        driver = "/sys/bus/*/drivers/pvpanic-*/*:*"
        await guest.shell(f"timeout 60 sh -c 'until ls {driver}; do usleep 50000; done'")
        guest.console.type("echo c > /proc/sysrq-trigger")
        assert await guest.event("GUEST_PANICKED")

    extra = ["-device", "pvpanic"] if device == "pvpanic" else []
    boot(act, *extra)


def test_the_kernel_has_a_driver_for_the_generation_of_the_machine(look: Look) -> None:
    async def act(guest: Guest) -> None:
        assert "QEMUVGID" in await guest.shell("ls -l /sys/bus/acpi/drivers/vmgenid")

    look(act)


def test_everything_on_the_disk_belongs_to_root(look: Look) -> None:
    async def act(guest: Guest) -> None:
        assert await guest.shell("find / -xdev ! -user root -o -xdev ! -group root") == ""
        assert await guest.shell("stat -c %a / /root /etc /etc/fstab /sbin/init") == (
            "755\n700\n755\n644\n755\n"
        )

    look(act)


def test_two_processors_work(boot: Boot) -> None:
    async def act(guest: Guest) -> None:
        assert await guest.shell("nproc") == "2\n"

    boot(act, "-smp", "2")
