"""The screen and the keyboard of real VMs whose guests are boot sectors."""

import asyncio
import re
import string
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from vmnb.backends.qemu import QemuHypervisor
from vmnb.console import Console
from vmnb.core.errors import StateError
from vmnb.core.handle import VmHandle
from vmnb.core.picture import Picture
from vmnb.core.spec import VmSpec
from vmnb.screen.keys import KEYS, chords_of
from vmnb.screen.reading import read_text
from vmnb.screen.us_layout import chords_for

from .test_attach import other_process

Prepared = Callable[[VmSpec], AbstractAsyncContextManager[VmHandle]]
Running = Callable[[str], AbstractAsyncContextManager[VmHandle]]
Spec = Callable[..., VmSpec]

BOOTED = "Booting from Hard Disk"
"""What SeaBIOS says on the screen before it hands over to the disk."""


@pytest.fixture
def running(hypervisor: QemuHypervisor, prepared: Prepared, spec: Spec) -> Running:
    @asynccontextmanager
    async def run(guest: str = "idle") -> AsyncIterator[VmHandle]:
        async with prepared(spec(guest)) as handle:
            yield await hypervisor.start(handle)

    return run


async def booted(hypervisor: QemuHypervisor, handle: VmHandle) -> Picture:
    """Return a picture of the screen once the guest runs."""
    async with asyncio.timeout(60):
        while True:
            picture = await hypervisor.screenshot(handle)
            if any(picture.rgb) and BOOTED in await read_text(picture):
                return picture


async def said(handle: VmHandle, text: str, hypervisor: QemuHypervisor) -> str:
    """Return what the guest wrote to its serial port, once `text` is in it."""
    console = Console(hypervisor.console_endpoint(handle))
    try:
        await console.open()
        await console.wait_for(re.escape(text), 30)
        return console.since(0).decode("latin-1")
    finally:
        await console.aclose()


def beside_the_sockets(handle: VmHandle) -> set[str]:
    assert handle.qmp_socket is not None
    return {path.name for path in handle.qmp_socket.parent.iterdir()}


def test_a_picture_shows_what_the_bios_said_and_leaves_nothing_behind(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, running: Running
) -> None:
    async def scenario() -> None:
        async with running("idle") as handle:
            before = beside_the_sockets(handle)
            picture = await booted(hypervisor, handle)
            assert (picture.width, picture.height) == (720, 400)
            assert picture.of == handle.name
            assert beside_the_sockets(handle) == before
            suspended = await hypervisor.suspend(handle)
            assert (await hypervisor.screenshot(suspended)).width == 720

    runner.run(scenario())


def test_pictures_at_once_and_a_picture_cut_off_do_not_disturb_each_other(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, running: Running
) -> None:
    async def scenario() -> None:
        async with running("idle") as handle:
            before = beside_the_sockets(handle)
            taking = [asyncio.create_task(hypervisor.screenshot(handle)) for _ in range(5)]
            await asyncio.sleep(0)
            taking[2].cancel()
            taken = await asyncio.gather(*taking, return_exceptions=True)
            assert [isinstance(one, Picture) for one in taken] == [True, True, False, True, True]
            assert beside_the_sockets(handle) == before

    runner.run(scenario())


def test_a_picture_is_had_while_another_process_holds_a_monitor(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            with other_process("start", handle) as other:
                started = await asyncio.to_thread(other.handle)
                assert (await hypervisor.screenshot(started)).width > 0

    runner.run(scenario())


def test_a_vm_that_does_not_run_has_neither_picture_nor_keyboard(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, prepared: Prepared, spec: Spec
) -> None:
    async def scenario() -> None:
        async with prepared(spec()) as handle:
            with pytest.raises(StateError, match="the screen of 'test idle' is dark"):
                await hypervisor.screenshot(handle)
            with pytest.raises(StateError, match=r"nobody hears the keyboard.*it is prepared"):
                await hypervisor.press(handle, chords_of(["a"]))
            suspended = await hypervisor.suspend(await hypervisor.start(handle))
            with pytest.raises(StateError, match="it is suspended"):
                await hypervisor.press(suspended, chords_of(["a"]))

    runner.run(scenario())


def test_every_character_of_the_layout_arrives_as_itself(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, running: Running
) -> None:
    text = string.ascii_letters + string.digits + string.punctuation + " "

    async def scenario() -> None:
        async with running("keys") as handle:
            await booted(hypervisor, handle)
            await hypervisor.press(handle, chords_for(f"{text}\n"))
            assert (await said(handle, "\r", hypervisor)).rstrip("\r").endswith(text)

    runner.run(scenario())


def test_two_who_type_at_once_do_not_mix_their_keys(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, running: Running
) -> None:
    async def scenario() -> None:
        async with running("keys") as handle:
            await booted(hypervisor, handle)
            words = ("first", "SECOND")
            await asyncio.gather(*(hypervisor.press(handle, chords_for(word)) for word in words))
            assert "firstSECOND" in await said(handle, "SECOND", hypervisor)

    runner.run(scenario())


def test_qemu_knows_every_key(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, running: Running
) -> None:
    async def scenario() -> set[str]:
        async with running("idle") as handle:
            attachment = await hypervisor._attachments.require(handle)
            schema = await attachment.execute("query-qmp-schema")
            enums = [set(entry["values"]) for entry in schema if entry["meta-type"] == "enum"]
            return next(names for names in enums if {"grave_accent", "unmapped"} <= names)

    known = runner.run(scenario())
    assert known >= KEYS
    assert {name for name in known - KEYS if not name.startswith("f")} == {"unmapped"}


def test_the_live_screen_is_on_the_socket_that_the_handle_names(
    runner: asyncio.Runner, running: Running
) -> None:
    async def scenario() -> None:
        async with running("idle") as handle:
            assert handle.vnc_socket is not None
            assert Path(handle.vnc_socket).parent.stat().st_mode & 0o777 == 0o700
            reader, writer = await asyncio.open_unix_connection(handle.vnc_socket)
            assert (await reader.readexactly(12)).startswith(b"RFB 003.")
            writer.close()
            await writer.wait_closed()

    runner.run(scenario())
