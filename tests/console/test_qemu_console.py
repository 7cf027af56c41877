"""The console of a real QEMU: nothing lost, nothing doubled, over attaching, stops and starts."""

import asyncio
from collections.abc import Callable

import pytest

from vmnb.console import Console
from vmnb.core.errors import StateError

from .page import Page
from .serial_guest import COUNTER, ECHO, SerialGuest

Boot = Callable[[bytes], SerialGuest]


async def log_grows(guest: SerialGuest, count: int) -> None:
    """Wait until the log has `count` bytes more; nobody tells of it."""
    wanted = len(guest.log()) + count
    async with asyncio.timeout(30):
        while len(guest.log()) < wanted:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def assert_counts(text: bytes) -> None:
    """Check that whole lines of the counter follow each other, each one higher."""
    lines = text.split(b"\n")[1:-1]
    first = int(lines[0], 16)
    assert lines == [b"%08x" % number for number in range(first, first + len(lines))]


async def test_a_view_that_comes_in_the_middle_of_a_flood_misses_and_repeats_nothing(
    boot: Boot,
) -> None:
    guest = boot(COUNTER)
    for _ in range(15):
        await log_grows(guest, 2000)
        console = Console(guest.console)
        await console.open()
        attached = console.position
        page = Page(console, seq=attached - 500)
        await page.until_length(3000)
        await console.aclose()
        assert_counts(bytes(page.output))
        assert page.first == attached - 500


async def test_what_was_said_to_others_before_is_shown(boot: Boot) -> None:
    guest = boot(ECHO)
    first, second = Console(guest.console), Console(guest.console)
    await first.open()
    await first.write(b"hello")
    await first.wait_for("hello", 30)
    await first.aclose()
    await second.open()
    page = Page(second)
    await page.until_kind("restore")
    assert b"hello" in page.screen
    assert second.text() == "hello"
    await second.aclose()


async def test_what_is_typed_arrives_and_its_echo_comes_back_to_every_view(boot: Boot) -> None:
    console = Console(boot(ECHO).console)
    await console.open()
    pages = [Page(console, "one"), Page(console, "two")]
    for page in pages:
        await page.until_kind("open")
    console.input(b"hello")
    for page in pages:
        await page.until_output(b"hello")
    await console.write(b" world")
    match = await console.wait_for("w(or)ld", 30)
    assert match[1] == "or"
    await console.aclose()


async def test_positions_go_on_over_a_stop_and_a_start(boot: Boot) -> None:
    guest = boot(ECHO)
    console = Console(guest.console)
    await console.open()
    page = Page(console)
    await page.until_kind("open")
    await console.write(b"first")
    await page.until_output(b"first")
    guest.stop()
    await page.until_kind("closed")
    assert page.reasons == ["the VM has stopped"]
    with pytest.raises(StateError, match="not running"):
        console.input(b"lost")
    guest.start()
    await console.open()
    assert page.kinds[-1] == "open"
    await console.write(b"second")
    await page.until_output(b"firstsecond")
    assert page.next == console.position == len(guest.log())
    await console.aclose()


async def test_a_stopped_vm_still_shows_what_it_said(boot: Boot) -> None:
    guest = boot(COUNTER)
    await log_grows(guest, 300)
    guest.stop()
    console = Console(guest.console)
    page = Page(console)
    await page.until_kind("closed")
    assert guest.log().rstrip(b"\n").rpartition(b"\n")[2] in page.screen
    await console.open()
    assert not console.is_open
    await console.aclose()


async def test_a_second_process_attaches_after_the_first_is_gone(boot: Boot) -> None:
    guest = boot(ECHO)
    first, second = Console(guest.console), Console(guest.console)
    await first.open()
    await first.write(b"one")
    await first.wait_for("one", 30)
    await second.open()
    await first.aclose()
    await second.write(b"two")
    await second.wait_for("onetwo", 30, since=0)
    await second.aclose()


async def test_a_console_that_was_closed_goes_on_where_it_was(boot: Boot) -> None:
    guest = boot(ECHO)
    console = Console(guest.console)
    for word in (b"one", b"two", b"three"):
        await console.open()
        await console.write(word)
        await console.wait_for(word.decode(), 30)
        await console.aclose()
    await console.open()
    await console.restore()
    assert console.text() == "onetwothree"
    assert console.position == len(guest.log())
    await console.aclose()
