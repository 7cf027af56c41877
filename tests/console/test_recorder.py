"""Recording a console: a test plays QEMU on a real socket."""

import asyncio
import resource
import socket
import stat
from pathlib import Path

import pytest

from vmnb.console import Console
from vmnb.console.cast import Cast
from vmnb.console.recorder import Recorder
from vmnb.core.hypervisor import UnixConsole
from vmnb.errors import BackendError

from .page import Page

LIMIT = 1 << 20


async def _opened(listener: socket.socket, tmp_path: Path) -> tuple[Console, socket.socket]:
    console = Console(UnixConsole(path=tmp_path / "console"))
    opening = asyncio.create_task(console.open())
    guest, _ = await asyncio.get_running_loop().sock_accept(listener)
    guest.setblocking(False)
    await opening
    return console, guest


async def _say(guest: socket.socket, page: Page, data: bytes) -> None:
    await asyncio.get_running_loop().sock_sendall(guest, data)
    await page.until_output(data)


def _recorder(console: Console, path: Path, limit: int = LIMIT) -> Recorder:
    return Recorder(console, path, limit_bytes=limit, header={"title": "web"})


async def test_a_recording_has_the_screen_and_all_that_follows(
    listener: socket.socket, tmp_path: Path
) -> None:
    console, guest = await _opened(listener, tmp_path)
    page = Page(console)
    await page.until_kind("restore")
    await _say(guest, page, b"before\r\n")
    path = tmp_path / "web.cast"
    recorder = _recorder(console, path)
    await recorder.start()
    await _say(guest, page, "grüße ".encode()[:3])
    await _say(guest, page, "grüße ".encode()[3:])
    await _say(guest, page, b"\x1b[1mafter")
    await recorder.stop()
    await _say(guest, page, b"not this")
    cast = Cast.loads(path.read_text())
    said = "".join(data for _, kind, data in cast.events if kind == "o")
    assert "before" in said
    assert said.endswith("grüße \x1b[1mafter")
    assert (cast.columns, cast.rows, cast.title) == (80, 24, "web")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    guest.close()
    await console.aclose()


async def test_a_recorder_does_not_answer_for_the_terminals(
    listener: socket.socket, tmp_path: Path
) -> None:
    console, guest = await _opened(listener, tmp_path)
    recorder = _recorder(console, tmp_path / "web.cast")
    await recorder.start()
    page = Page(console)
    await page.until_kind("restore")
    assert console.answers(page.name)
    await recorder.stop()
    guest.close()
    await console.aclose()


async def test_a_recording_ends_at_its_limit_and_says_so(
    listener: socket.socket, tmp_path: Path
) -> None:
    console, guest = await _opened(listener, tmp_path)
    page = Page(console)
    recorder = _recorder(console, tmp_path / "web.cast", limit=20_000)
    await recorder.start()
    for number in range(8):
        await _say(guest, page, f"{number}".encode() * 4000 + b"\r\n")
    await recorder.stop()
    assert recorder.is_full
    text = (tmp_path / "web.cast").read_text()
    assert len(text) < 20_200
    assert Cast.loads(text).events[-1][1:] == ("m", "the recording has reached its limit")
    guest.close()
    await console.aclose()


async def test_the_end_of_the_vm_is_a_mark(listener: socket.socket, tmp_path: Path) -> None:
    console, guest = await _opened(listener, tmp_path)
    page = Page(console)
    recorder = _recorder(console, tmp_path / "web.cast")
    await recorder.start()
    guest.close()
    await page.until_kind("closed")
    await recorder.stop()
    await recorder.stop()
    events = Cast.loads((tmp_path / "web.cast").read_text()).events
    assert events[-1][1:] == ("m", "the VM has stopped")
    await console.aclose()


async def test_a_file_that_cannot_be_made_is_an_error(
    listener: socket.socket, tmp_path: Path
) -> None:
    console, guest = await _opened(listener, tmp_path)
    recorder = _recorder(console, tmp_path / "missing" / "web.cast")
    with pytest.raises(BackendError, match="No such file"):
        await recorder.start()
    await recorder.stop()
    guest.close()
    await console.aclose()


async def test_a_disk_that_is_full_is_an_error_of_the_end(
    listener: socket.socket, tmp_path: Path
) -> None:
    console, guest = await _opened(listener, tmp_path)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    recorder = _recorder(console, tmp_path / "web.cast")
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))  # a file may not grow beyond
    try:
        await recorder.start()
        with pytest.raises(BackendError, match="File too large"):
            await recorder.stop()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    guest.close()
    await console.aclose()


async def test_a_console_that_does_not_run_is_told_of_once(tmp_path: Path) -> None:
    log = tmp_path / "console.log"
    log.write_bytes(b"it said this\r\n")
    console = Console(UnixConsole(path=tmp_path / "none", log=log))
    told: list[int] = []
    console.subscribe(lambda: told.append(console.position))
    for _ in range(3):
        await console.restore()
    assert told == [14]
    with log.open("ab") as file:
        file.write(b"and this\r\n")
    await console.restore()
    assert console.text() == "it said this\nand this"
    await console.aclose()


async def test_a_replay_has_the_times_at_which_things_were_said(
    listener: socket.socket, tmp_path: Path
) -> None:
    console, guest = await _opened(listener, tmp_path)
    page = Page(console)
    await page.until_kind("restore")
    await _say(guest, page, b"first\r\n")
    await asyncio.sleep(0.2)  # the time between the two is what is looked at
    await _say(guest, page, b"second\r\n")
    cast = console.replay(1000, "web")
    times = {data: time for time, _, data in cast.events}
    assert "".join(times) == "first\r\nsecond\r\n"
    assert times["second\r\n"] - times["first\r\n"] >= 0.2
    assert [data for _, _, data in console.replay(10, "web").events] == ["second\r\n"]
    guest.close()
    await console.aclose()
