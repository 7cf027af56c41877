"""One console and several processes: all read the same, one types, and any may take over."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from vmnb.console import Console
from vmnb.core.errors import BusyError, DeadlineError, LinkLostError

from .page import Page
from .serial_guest import COUNTER, ECHO, SerialGuest
from .test_qemu_console import assert_counts

pytestmark = pytest.mark.timeout(120)

Boot = Callable[[bytes], SerialGuest]

KEEPER = """
import asyncio, sys
from pathlib import Path
from vmnb.console import Console
from vmnb.core.hypervisor import UnixConsole

async def main():
    console = Console(UnixConsole(path=Path(sys.argv[1]), log=Path(sys.argv[2])))
    await console.open()
    if len(sys.argv) > 3:
        await console.write(sys.argv[3].encode())
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.readline)

asyncio.run(main())
"""


@contextmanager
def keeper(guest: SerialGuest, *typed: str) -> Iterator["subprocess.Popen[str]"]:
    """Give another process, which has the console, and typed something if it is said what."""
    words = [str(guest.console.path), str(guest.console.log), *typed]
    with subprocess.Popen(
        [sys.executable, "-c", KEEPER, *words],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield process
        finally:
            process.kill()


async def opened(guest: SerialGuest) -> Console:
    console = Console(guest.console)
    await console.open()
    return console


def open_descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def assert_misses_nothing(text: bytes) -> None:
    """Check that all is there in its order, though QEMU logs some twice while a client is slow."""
    lines = [line for line in text.split(b"\n")[1:-1] if len(line) == 8]
    first, last = int(lines[0], 16), int(lines[-1], 16)
    wanted = b"\n".join(b"%08x" % number for number in range(first, last + 1))
    left = iter(text)
    assert all(byte in left for byte in wanted)
    assert len(text) < 1.05 * len(wanted)


async def test_all_read_the_same_flood_while_it_changes_hands(boot: Boot) -> None:
    guest = boot(COUNTER)
    consoles = [await opened(guest) for _ in range(3)]
    pages = [Page(console, seq=console.position) for console in consoles]
    for _ in range(3):
        for page, console in zip(pages, consoles, strict=True):
            await page.until_length(len(page.output) + 5000)
            await console.take_over()
    for page in pages:
        await page.until_length(len(pages[0].output))
        assert_counts(bytes(page.output))
        assert set(page.kinds) == {"open", "output"}
    starts = [page.first or 0 for page in pages]
    ends = [page.next for page in pages]
    same = {console.since(max(starts))[: min(ends) - max(starts)] for console in consoles}
    assert len(same) == 1
    for console in consoles:
        await console.aclose()


async def test_who_types_where_nobody_did_types_and_the_next_is_told_to_take_over(
    boot: Boot,
) -> None:
    guest = boot(ECHO)
    first, second = await opened(guest), await opened(guest)
    pages = [Page(first), Page(second)]
    second.input(b"one ")
    await first.wait_for("one ", 30, since=0)
    assert (first.is_elsewhere, second.is_elsewhere) == (True, False)
    with pytest.raises(BusyError, match="typed on from another process"):
        first.input(b"lost")
    with pytest.raises(BusyError, match="take it over"):
        await first.write(b"lost")
    await first.take_over()
    await first.write(b"two")
    await second.wait_for("one two", 30, since=0)
    assert (first.is_elsewhere, second.is_elsewhere) == (False, True)
    for page in pages:
        await page.until_output(b"two")
    await first.aclose()
    await second.write(b" three")
    await second.wait_for("one two three", 30, since=0)
    await second.aclose()


async def test_who_waits_for_the_guest_to_take_what_was_typed_is_told_of_another(
    boot: Boot,
) -> None:
    guest = boot(COUNTER)  # it takes nothing
    first, second = await opened(guest), await opened(guest)
    writing = asyncio.create_task(first.write(bytes(4 * 1024 * 1024)))
    page = Page(second)
    await page.until_kind("open")
    while not second.is_elsewhere:
        await page.until_length(len(page.output) + 1)
    await second.take_over()
    with pytest.raises(LinkLostError, match="another process took the console over"):
        await writing
    await first.aclose()
    await second.aclose()


async def test_where_the_one_that_typed_is_killed_the_next_types_and_nothing_is_missed(
    boot: Boot,
) -> None:
    guest = boot(COUNTER)
    with keeper(guest, "x") as process:
        consoles = [await opened(guest), await opened(guest)]
        pages = [Page(console, seq=console.position) for console in consoles]
        for page in pages:
            await page.until_length(5000)
        assert all(console.is_elsewhere for console in consoles)
        process.send_signal(signal.SIGKILL)
        for page in pages:
            await page.until_here()  # what was on its way from the killed one comes first
            await page.until_length(len(page.output) + 20_000)
            assert_misses_nothing(bytes(page.output))
            assert "closed" not in page.kinds
        await consoles[1].write(b"y")
    for console in consoles:
        await console.aclose()


async def test_one_that_is_closed_while_it_looks_for_the_next_lets_go_of_everything(
    boot: Boot,
) -> None:
    guest = boot(ECHO)
    before = open_descriptors()
    for turns in range(12):
        first, second = await opened(guest), await opened(guest)
        await first.write(b"%x" % turns)
        await second.wait_for(f"{turns:x}", 30, since=0)  # QEMU has taken the connection
        await first.aclose()
        for _ in range(turns):
            await asyncio.sleep(0)
        await second.aclose()
        assert open_descriptors() == before


async def test_one_that_is_stopped_hangs_nobody(boot: Boot) -> None:
    guest = boot(ECHO)
    with keeper(guest, "typed") as process:
        console = await opened(guest)
        await console.wait_for("typed", 30, since=0)
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(DeadlineError, match="did not answer"):
            await console.take_over()
        third = Console(guest.console)
        with pytest.raises(BusyError, match="does not hand it on"):
            await third.open()
        await third.restore()
        assert third.text() == "typed"
        process.send_signal(signal.SIGKILL)
        await console.write(b" again")
        await console.wait_for("typed again", 30, since=0)
        await third.aclose()
        await console.aclose()


async def test_all_are_told_when_the_vm_stops_and_go_on_when_it_starts(boot: Boot) -> None:
    guest = boot(ECHO)
    first, second = await opened(guest), await opened(guest)
    pages = [Page(first), Page(second)]
    await second.write(b"before ")
    await first.wait_for("before", 30, since=0)
    guest.stop()
    for page in pages:
        await page.until_kind("closed")
        assert page.reasons[-1] == "the VM has stopped"
    guest.start()
    await first.open()
    await second.open()
    await first.write(b"after")
    await second.wait_for("before after", 30, since=0)
    await first.aclose()
    await second.aclose()
