"""Fork and restore the tiny guest with bare QEMUs, and time it to the first answer of the copy.

What a careful script would do: stand still, save the devices, copy the memory, go on; start another
QEMU on the copy, with pages of its own; load, go on; make it another machine by the same script in
the guest as vmnb does; ask its agent. To restore is the second half of that.
"""

import asyncio
import contextlib
import os
import tempfile
import time
from collections.abc import AsyncIterator
from importlib.resources import files
from pathlib import Path
from uuid import uuid4

from tests.bench.bare_boot import JsonLines, bare_argv, make_overlay, qemu
from vmnb.images import BootImage

__all__ = ["bare_fork", "bare_restore"]

MIB = 256
SCRIPT = files("vmnb.guest").joinpath("identity.sh").read_text(encoding="utf-8")
PIECE = 1 << 20


async def bare_fork(image: BootImage, runs: int) -> list[float]:
    """Boot a guest, fork it so often, and return the seconds that each took."""
    with tempfile.TemporaryDirectory(prefix="vmnb-bench-", dir="/dev/shm") as name:
        folder = Path(name)
        await make_overlay(image, folder / "disk.qcow2")
        async with (
            qemu(_argv(image, folder, folder / "disk.qcow2", shared=True), folder),
            JsonLines.open(folder / "agent") as agent,
            _monitor(folder) as source,
        ):
            await agent.run("true")
            return [await _fork(image, folder, source, number) for number in range(runs)]


async def bare_restore(image: BootImage, runs: int) -> list[float]:
    """Boot a guest, save it, go on from there so often, and return the seconds that each took."""
    with tempfile.TemporaryDirectory(prefix="vmnb-bench-", dir="/tmp") as name:
        folder = Path(name)
        await make_overlay(image, folder / "disk.qcow2")
        template = folder / "template"
        template.mkdir()
        async with (
            qemu(_argv(image, folder, folder / "disk.qcow2", shared=True), folder),
            JsonLines.open(folder / "agent") as agent,
            _monitor(folder) as source,
        ):
            await agent.run("true")
            state = await _save(source, folder, template, 0)
        return [await _restore(image, folder, template, state, number) for number in range(runs)]


async def _restore(
    image: BootImage, folder: Path, template: Path, state: bytes, number: int
) -> float:
    copy = folder / f"copy{number}"
    copy.mkdir()
    began = time.perf_counter()
    (copy / "memory").symlink_to(template / "memory")
    await _go_on(image, copy, folder / "disk.qcow2", state)
    return time.perf_counter() - began


async def _fork(image: BootImage, folder: Path, source: JsonLines, number: int) -> float:
    copy = folder / f"copy{number}"
    copy.mkdir()
    began = time.perf_counter()
    state = await _save(source, folder, copy, number)
    await source.ask("cont")
    below = folder / (f"disk{number - 1}.qcow2" if number else "disk.qcow2")
    await _go_on(image, copy, below, state)
    return time.perf_counter() - began


async def _save(source: JsonLines, folder: Path, target: Path, number: int) -> bytes:
    """Let the guest stand still and save it."""
    await source.ask("stop")
    top = folder / f"disk{number}.qcow2"
    await source.ask(
        "blockdev-snapshot-sync", device="disk", format="qcow2", **{"snapshot-file": str(top)}
    )
    state = await _saved(source, folder / "state")
    _copy(folder / "memory", target / "memory")
    return state


async def _go_on(image: BootImage, copy: Path, below: Path, state: bytes) -> None:
    """Start QEMU on the memory that is there, and return when it is a machine of its own."""
    await _overlay(below, copy / "disk.qcow2")
    argv = [*_argv(image, copy, copy / "disk.qcow2", shared=False), "-incoming", "defer"]
    async with qemu(argv, copy), _monitor(copy) as target:
        await _load(target, copy / "state", state)
        async with JsonLines.open(copy / "agent") as agent:
            words = [f"{time.time():.6f}", copy.name, "", uuid4().hex]
            said = await agent.run(
                "sh", "-c", SCRIPT, "vmnb", *words, stdin=f"{os.urandom(64).hex()}\n\n"
            )
            if "clock" in said:
                await agent.ask("guest-set-time", time=time.time_ns())
            await agent.run("true")


def _argv(image: BootImage, folder: Path, disk: Path, *, shared: bool) -> list[str]:
    share = "on" if shared else "off"
    memory = f"memory-backend-file,id=mem,size={MIB}M,mem-path={folder}/memory,share={share}"
    argv = bare_argv(image, disk, folder, ["-object", memory])
    argv[argv.index("-machine") + 1] += ",memory-backend=mem"
    return argv


async def _saved(qmp: JsonLines, path: Path) -> bytes:
    received: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    async def receive(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        received.set_result(await reader.read())
        writer.close()

    async with await asyncio.start_unix_server(receive, path):
        await _leave_memory_out(qmp)
        await qmp.ask("migrate", uri=f"unix:{path}")
        state = await received
    while (await qmp.ask("query-migrate"))["status"] != "completed":  # noqa: ASYNC110 - as a script does
        await asyncio.sleep(0.001)
    await asyncio.to_thread(path.unlink)
    return state


async def _load(qmp: JsonLines, path: Path, state: bytes) -> None:
    await _leave_memory_out(qmp)
    await qmp.ask("migrate-incoming", uri=f"unix:{path}")
    _, writer = await asyncio.open_unix_connection(path)
    writer.write(state)
    await writer.drain()
    writer.close()
    while (await qmp.ask("query-status"))["status"] == "inmigrate":  # noqa: ASYNC110 - likewise
        await asyncio.sleep(0.001)
    await qmp.ask("cont")


async def _leave_memory_out(qmp: JsonLines) -> None:
    wanted = [{"capability": "x-ignore-shared", "state": True}]
    await qmp.ask("migrate-set-capabilities", capabilities=wanted)


def _copy(source: Path, target: Path) -> None:
    """Copy a file without its holes."""
    with source.open("rb") as read, target.open("wb") as written:
        size = os.fstat(read.fileno()).st_size
        written.truncate(size)
        offset = 0
        while offset < size:
            try:
                offset = os.lseek(read.fileno(), offset, os.SEEK_DATA)
            except OSError:
                return
            offset += os.pwrite(written.fileno(), os.pread(read.fileno(), PIECE, offset), offset)


async def _overlay(below: Path, path: Path) -> None:
    argv = ["qemu-img", "create", "-q", "-u", "-f", "qcow2", "-F", "qcow2", "-b", str(below)]
    process = await asyncio.create_subprocess_exec(*argv, str(path), "1G")
    if await process.wait():
        raise RuntimeError("qemu-img create failed")


@contextlib.asynccontextmanager
async def _monitor(folder: Path) -> AsyncIterator[JsonLines]:
    """Connect to QMP, and be ready for commands."""
    async with JsonLines.open(folder / "qmp") as qmp:
        await qmp.read()
        await qmp.ask("qmp_capabilities")
        yield qmp
