"""The tiny guest takes on other identities: as it runs, and as copies of its memory."""

import asyncio
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import pytest

from tests.bench.bare_boot import JsonLines, bare_argv, make_overlay
from tests.guest.agent import by_agent
from vmnb.core.errors import CloneError
from vmnb.guest import AgentWay, Command, GuestAgent, run
from vmnb.guest.identity import Identity, take_on
from vmnb.images import BootImage, resolve

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

MAC = "52:54:00:12:34:56"  # QEMU's for its first card
NEW_MAC = "52:54:00:ab:cd:ef"
READY_S = 120.0
UNTIL_LEASED = "until ip route | grep -q '^default via 10.0.2.2'; do sleep 0.05; done"
UNTIL_ANOTHER = """
while ip addr show eth0 | grep -q "inet $0/" || ! ip route | grep -q '^default'; do sleep 0.05; done
"""
CLIENT = "tr '\\0' ' ' </proc/$(pidof udhcpc)/cmdline"
ADDRESS = "ip addr show eth0 | sed -n 's|.* inet \\(.*\\)/.*|\\1|p'"


class Guest:
    """A tiny guest that runs in QEMU, with its sockets in a directory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def says(self, script: str, *arguments: str) -> str:
        """Run a script in it that must not fail, and return what that says."""

        async def act(way: AgentWay) -> str:
            command = Command.of(["/bin/sh", "-c", script, *arguments])
            return (await run(way, command, timeout_s=READY_S, check=True)).stdout.strip()

        return by_agent(self.folder / "agent", act)

    def becomes(self, identity: Identity) -> None:
        """Let it take on an identity."""

        async def act() -> None:
            agent = GuestAgent(self.folder / "agent")
            try:
                await take_on(agent, identity, timeout_s=60)
            finally:
                await agent.aclose()

        asyncio.run(act())

    def now(self) -> float:
        """Return the seconds since 1970 by its clock."""
        seconds, fraction = self.says("adjtimex | sed -n 's/.*time.tv_u*sec: *//p'").split()
        return int(seconds) + int(fraction) / 1e6


@contextmanager
def running(argv: Sequence[str], folder: Path) -> Iterator[Guest]:
    process = Popen(argv)
    try:
        while not (folder / "qmp").exists():
            assert process.poll() is None, "QEMU ended at once"
            time.sleep(0.01)
        yield Guest(folder)
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def image(image_cache: Path) -> Iterator[BootImage]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VMNB_CACHE", str(image_cache))
        yield asyncio.run(resolve("tiny"))


def prepared(image: BootImage, folder: Path) -> list[str]:
    asyncio.run(make_overlay(image, folder / "disk.qcow2"))
    return bare_argv(image, folder / "disk.qcow2", folder)


@pytest.fixture(scope="module")
def guest(image: BootImage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    """One that all these tests give identities to."""
    folder = tmp_path_factory.mktemp("guest")
    with running(prepared(image, folder), folder) as guest:
        guest.says(UNTIL_LEASED)
        yield guest


def mac_of(guest: Guest) -> str:
    return guest.says("cat /sys/class/net/eth0/address")


def test_it_has_its_names(guest: Guest) -> None:
    before = guest.says("hostname")
    guest.says(f"echo '10.9.9.9 {before} {before}.lab {before}-2 # {before}' >>/etc/hosts")
    identity = Identity.fresh("web-7")
    guest.becomes(identity)
    names = "hostname; cat /etc/hostname /etc/machine-id"
    assert guest.says(names).split() == ["web-7", "web-7", identity.machine_id]
    hosts = guest.says("cat /etc/hosts").splitlines()
    assert hosts[0] == "127.0.0.1 localhost web-7"
    assert hosts[-1] == f"10.9.9.9 web-7 web-7.lab {before}-2 # web-7"
    guest.says("sed -i '$d' /etc/hosts")


def test_a_name_that_it_was_told_stays_and_another_may_log_in(guest: Guest) -> None:
    before, login = guest.says("hostname"), ("AAAAold+/" * 4, "AAAAnew+/" * 4)
    keys = "/home/vm/.ssh/authorized_keys"
    guest.says(f"mkdir -p {keys.removesuffix('authorized_keys')}")
    guest.says(f"echo 'ssh-ed25519 {login[0]} me' >{keys}")
    guest.becomes(Identity.fresh("web-6", instead_of="another", login=login))
    assert guest.says("hostname") == before
    assert guest.says(f"cat {keys}") == f"ssh-ed25519 {login[1]} me"
    guest.becomes(Identity.fresh("web-6", instead_of=before))
    assert guest.says("hostname") == "web-6"


def test_its_card_has_the_new_address_and_the_network_works(guest: Guest) -> None:
    before = guest.says(ADDRESS)
    guest.becomes(Identity.fresh("web-8", macs={mac_of(guest): NEW_MAC}))
    assert mac_of(guest) == NEW_MAC
    guest.says(UNTIL_ANOTHER, before)
    assert guest.says(ADDRESS).startswith("10.0.2.")
    assert "1 packets received" in guest.says("ping -c 1 -W 10 10.0.2.2")
    assert re.fullmatch(r"udhcpc .*-i eth0 .*-x hostname:web-8 .*", guest.says(CLIENT))


def test_its_clock_is_right_to_a_fraction_of_a_second(guest: Guest) -> None:
    guest.says("date -s 2020-02-02")
    began = time.time()
    guest.becomes(Identity.fresh("web"))
    assert began < guest.now() < time.time()


def test_twice_is_as_once(guest: Guest) -> None:
    identity = Identity.fresh("web-9", macs={mac_of(guest): MAC})
    state = "hostname; cat /etc/hosts /etc/hostname /etc/machine-id /sys/class/net/*/address"
    before = guest.says(ADDRESS)
    guest.becomes(identity)
    guest.says(UNTIL_ANOTHER, before)
    once, client = guest.says(state), guest.says("pidof udhcpc")
    guest.becomes(identity)
    assert (guest.says(state), guest.says("pidof udhcpc")) == (once, client)


def test_nothing_is_left_behind(guest: Guest) -> None:
    files = "find / -xdev | sort; ls -A /tmp /dev/shm"
    before = guest.says(files)
    guest.becomes(Identity.fresh("web-10"))
    assert guest.says(files) == before


def test_a_kernel_that_would_not_hear_of_it_is_refused_and_keeps_its_name(
    image: BootImage, tmp_path: Path
) -> None:
    argv = prepared(image, tmp_path)
    at = argv.index("vmgenid,guid=auto")
    with running([*argv[: at - 1], *argv[at + 1 :]], tmp_path) as guest:
        before = guest.says("hostname")
        with pytest.raises(CloneError, match="draw the same random numbers"):
            guest.becomes(Identity.fresh("web"))
        assert guest.says("hostname; cat /etc/hostname 2>/dev/null || :") == before


def test_copies_of_one_memory_draw_random_numbers_of_their_own(
    image: BootImage, tmp_path: Path
) -> None:
    argv = prepared(image, tmp_path)
    saved = tmp_path / "memory"
    with running(argv, tmp_path) as source:
        source.says(UNTIL_LEASED)
        asyncio.run(save(tmp_path / "qmp", saved))
    drawn = "head -c 16 /dev/urandom | base64; cat /proc/sys/kernel/random/uuid; hostname"
    facts = []
    for name in ("copy-1", "copy-2"):
        (folder := tmp_path / name).mkdir()
        shutil.copy(tmp_path / "disk.qcow2", folder)
        own = [word.replace(f"{tmp_path}/", f"{folder}/") for word in argv]
        with running([*own, "-incoming", "defer"], folder) as copy:
            asyncio.run(restore(folder / "qmp", saved))
            began = time.time()
            copy.becomes(Identity.fresh(name))
            assert "due to virtual machine fork" in copy.says("dmesg")
            facts += copy.says(drawn).splitlines()
            assert began < copy.now() < time.time()
    assert len(set(facts)) == 6


async def save(qmp: Path, saved: Path) -> None:
    """Write the guest's memory and devices to a file, and leave it stopped."""
    async with JsonLines.open(qmp) as monitor:
        await monitor.ask("qmp_capabilities")
        await hear_of_migrations(monitor)
        await monitor.ask("stop")
        monitor.send("migrate", uri=f"exec:cat >'{saved}'")
        await migrated(monitor)


async def restore(qmp: Path, saved: Path) -> None:
    """Go on from such a file."""
    async with JsonLines.open(qmp) as monitor:
        await monitor.ask("qmp_capabilities")
        await hear_of_migrations(monitor)
        monitor.send("migrate-incoming", uri=f"exec:cat '{saved}'")
        await migrated(monitor)
        await monitor.ask("cont")


async def hear_of_migrations(monitor: JsonLines) -> None:
    events = {"capability": "events", "state": True}
    await monitor.ask("migrate-set-capabilities", capabilities=[events])


async def migrated(monitor: JsonLines) -> None:
    async with asyncio.timeout(60):
        while True:
            message = await monitor.read()
            assert "error" not in message
            if message.get("data", {}).get("status") == "completed":
                return
