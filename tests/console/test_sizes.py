"""One size for a console with several views, and a guest that is told."""

import asyncio
import socket
from pathlib import Path

import pytest

from vmnb.console import Console
from vmnb.console.sizes import Sizes
from vmnb.core.errors import GuestError
from vmnb.core.hypervisor import UnixConsole
from vmnb.notebook.live.guest_size import GuestSize

from .page import Page


def test_the_first_view_is_fitted_until_another_is_used() -> None:
    sizes = Sizes()
    assert sizes.wanted is None
    sizes.wish("one", (100, 30))
    sizes.wish("two", (60, 20))
    assert sizes.wanted == (100, 30)
    sizes.use("two")
    assert sizes.wanted == (60, 20)
    sizes.wish("one", (120, 40))
    assert sizes.wanted == (60, 20)
    sizes.leave("two")
    assert sizes.wanted == (120, 40)
    sizes.leave("one")
    sizes.use("stranger")
    assert sizes.wanted is None


@pytest.mark.parametrize(("wish", "size"), [((0, -5), (20, 2)), ((10**9, 10**9), (500, 200))])
def test_no_view_makes_it_smaller_or_larger_than_is_sane(
    wish: tuple[int, int], size: tuple[int, int]
) -> None:
    sizes = Sizes()
    sizes.wish("view", wish)
    assert sizes.wanted == size


class Guest:
    """Answers as a guest's agent would; `rows` and `columns` are what its terminal has."""

    def __init__(self, *, refuses: bool = False) -> None:
        self.size = "0 0"
        self.asked: list[str] = []
        self.refuses = refuses

    async def ask(self, script: str) -> str:
        self.asked.append(script)
        if self.refuses:
            raise GuestError("no such device")
        words = script.split()
        if "rows" in words:
            self.size = f"{words[words.index('rows') + 1]} {words[words.index('cols') + 1]}"
        return f"{self.size}\n"


class Told:
    """A console on a real socket, its guest, and what tells that one its size."""

    def __init__(self, listener: socket.socket, *, refuses: bool = False) -> None:
        self.console = Console(UnixConsole(path=Path(listener.getsockname())))
        self.guest = Guest(refuses=refuses)
        self.is_up = True
        self.changes = 0
        ask = self.guest.ask
        self.size = GuestSize(1, self.get, lambda: ask if self.is_up else None, self.change)

    async def get(self) -> Console:
        await self.console.open()
        return self.console

    def change(self) -> None:
        self.changes += 1

    async def settled(self, size: tuple[int, int] | None = None) -> None:
        if size is not None:
            self.size.sizes.wish("view", size)
        self.size.settle()
        assert self.size._settling is not None
        await self.size._settling

    async def aclose(self) -> None:
        await self.size.aclose()
        await self.console.aclose()


async def test_kernel_views_and_guest_have_the_size_that_is_wished_for(
    listener: socket.socket,
) -> None:
    told = Told(listener)
    console = await told.get()
    pages = [Page(console, "one"), Page(console, "two")]
    for page in pages:
        await page.until_kind("open")
    await told.settled((100, 30))
    assert console.size == (100, 30)
    assert told.guest.size == "30 100"
    assert told.guest.asked[-1] == "stty -F /dev/ttyS1 rows 30 cols 100"
    for page in pages:
        await page.until_size((100, 30))
    before = len(told.guest.asked)
    await told.settled((100, 30))
    assert len(told.guest.asked) == before
    await told.aclose()


async def test_nothing_changes_while_the_guest_cannot_be_told(listener: socket.socket) -> None:
    told = Told(listener)
    told.is_up = False
    await told.settled((100, 30))
    assert (await told.get()).size == (80, 24)
    told.is_up = True
    await told.settled()
    assert told.console.size == (100, 30)
    told.size.forget()
    told.guest.size = "0 0"
    await told.settled()
    assert told.guest.size == "30 100"
    await told.aclose()


async def test_a_guest_that_refuses_keeps_the_size_that_it_thinks_of(
    listener: socket.socket,
) -> None:
    told = Told(listener, refuses=True)
    await told.settled((100, 30))
    assert told.console.size == (80, 24)
    assert (told.size.refused, told.changes) == (True, 1)
    await told.aclose()


async def test_a_size_is_typed_where_a_person_wants_it(listener: socket.socket) -> None:
    told = Told(listener)
    console = await told.get()
    accepted, _ = await asyncio.get_running_loop().sock_accept(listener)
    await told.size.type((90, 20))
    said = await asyncio.get_running_loop().sock_recv(accepted, 100)
    assert said == b" stty rows 20 cols 90\r"
    assert console.size == (90, 20)
    accepted.close()
    await told.aclose()


async def test_a_kernel_that_comes_later_draws_what_was_said_at_the_guests_own_size(
    listener: socket.socket,
) -> None:
    told = Told(listener)
    told.guest.size = "30 100"
    console = await told.get()
    accepted, _ = await asyncio.get_running_loop().sock_accept(listener)
    await asyncio.get_running_loop().sock_sendall(accepted, b"\x1b[?1049h\x1b[30;95Hcorner")
    await console.wait_for("corner", 30)
    await told.settled((100, 30))
    assert console.text().splitlines()[-1] == " " * 94 + "corner"
    accepted.close()
    await told.aclose()
