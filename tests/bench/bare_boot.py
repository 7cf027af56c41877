"""Boot the tiny guest with a bare QEMU and time it to the first answer of ``guest-exec``.

Nothing of vmnb but the image: what a careful shell script would do. The comparison for what vmnb
adds. ``python tests/bench/bare_boot.py [--runs N] [EXTRA QEMU ARGUMENTS]``
"""

import argparse
import asyncio
import base64
import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from vmnb.images import BootImage, resolve

AGENT_PORT = "org.qemu.guest_agent.0"
TIMEOUT_S = 120


def bare_argv(image: BootImage, disk: Path, folder: Path, extra: Sequence[str] = ()) -> list[str]:
    """Return the command line of a QEMU that boots `image` from the overlay `disk`.

    The agent's socket is ``folder/agent``, QMP's ``folder/qmp``; the console is ``folder/console``.
    """
    machine = "pc-q35-7.2,hpet=off,vmport=off,i8042=off"
    devices = [
        "virtio-blk-pci,drive=disk",
        "virtio-net-pci,netdev=net,romfile=",
        "virtio-serial-pci",
        f"virtserialport,chardev=agent,name={AGENT_PORT}",
        "virtio-rng-pci",
        "vmgenid,guid=auto",
        "pvpanic-pci",
        "VGA",
        "isa-serial,chardev=console",
    ]
    return [
        *("qemu-system-x86_64", "-no-user-config", "-nodefaults", "-display", "none"),
        *("-machine", machine, "-accel", "tcg", "-cpu", "max", "-smp", "1", "-m", "256"),
        *(
            "-kernel",
            f"{image.kernel}",
            "-initrd",
            f"{image.initrd}",
            "-append",
            f"{image.cmdline} {image.emulated_cmdline}",
        ),
        *("-drive", f"if=none,id=disk,format=qcow2,file={disk}"),
        *("-netdev", "user,id=net"),
        *("-chardev", f"socket,id=agent,path={folder}/agent,server=on,wait=off"),
        *("-chardev", f"socket,id=console,path={folder}/console,server=on,wait=off"),
        *("-qmp", f"unix:{folder}/qmp,server=on,wait=off"),
        *(word for device in devices for word in ("-device", device)),
        *extra,
    ]


@contextlib.asynccontextmanager
async def qemu(argv: Sequence[str], folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run QEMU until its sockets are there; kill it at the end if it still runs."""
    process = await asyncio.create_subprocess_exec(*argv)
    try:
        while not (folder / "qmp").exists():
            if process.returncode is not None:
                raise RuntimeError(f"QEMU ended with exit code {process.returncode}")
            await asyncio.sleep(0.002)
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@contextlib.asynccontextmanager
async def connection(
    path: Path,
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Connect to a Unix socket, and close it at the end."""
    reader, writer = await _accepted(path)
    try:
        yield reader, writer
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _accepted(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect; between QEMU's bind and its listen a socket is there and refuses."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await asyncio.open_unix_connection(path, limit=1 << 24)
            except ConnectionRefusedError:
                await asyncio.sleep(0.002)


class JsonLines:
    """One of QEMU's sockets that speak JSON, an object a line."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    @contextlib.asynccontextmanager
    async def open(cls, path: Path) -> "AsyncIterator[JsonLines]":
        async with connection(path) as (reader, writer):
            yield cls(reader, writer)

    async def read(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self._reader.readline())
        return message

    def send(self, command: str, **arguments: Any) -> None:
        """Send a command and wait for no answer."""
        message = {"execute": command, "arguments": arguments}
        self._writer.write(json.dumps(message).encode() + b"\n")

    async def ask(self, command: str, **arguments: Any) -> Any:
        """Send a command and return its answer, passing over events."""
        self.send(command, **arguments)
        while True:
            answer = await self.read()
            if "error" in answer:
                raise RuntimeError(f"{command}: {answer['error']['desc']}")
            if "return" in answer:
                return answer["return"]

    async def run(self, *argv: str, stdin: str = "") -> str:
        """Run a program in the guest and return what it prints."""
        request: dict[str, Any] = {"path": argv[0], "arg": list(argv[1:]), "capture-output": True}
        if stdin:
            request["input-data"] = base64.b64encode(stdin.encode()).decode()
        answer = await self.ask("guest-exec", **request)
        while True:  # the agent tells of an end only when asked
            status = await self.ask("guest-exec-status", pid=answer["pid"])
            if status["exited"]:
                break
            await asyncio.sleep(0.002)
        return base64.b64decode(status.get("out-data", "")).decode()


async def make_overlay(image: BootImage, disk: Path) -> None:
    """Lay an overlay over the image's disk."""
    argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", image.disk_format, "-b"]
    process = await asyncio.create_subprocess_exec(*argv, str(image.disk), str(disk))
    if await process.wait():
        raise RuntimeError("qemu-img create failed")


async def boot_once(image: BootImage, extra: Sequence[str] = ()) -> float:
    """Boot and return the seconds from the spawn of QEMU to the guest's first ``uname``."""
    with tempfile.TemporaryDirectory(prefix="vmnb-bench-") as name:
        folder = Path(name)
        await make_overlay(image, folder / "disk.qcow2")
        began = time.perf_counter()
        argv = bare_argv(image, folder / "disk.qcow2", folder, extra)
        async with (
            asyncio.timeout(TIMEOUT_S),
            qemu(argv, folder),
            JsonLines.open(folder / "agent") as agent,
        ):
            await agent.run("uname", "-r")
            return time.perf_counter() - began


async def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--runs", type=int, default=5)
    options, extra = parser.parse_known_args()
    image = await resolve("tiny")
    times = [await boot_once(image, extra) for _ in range(options.runs)]
    low, high, middle = min(times), max(times), statistics.median(times)
    print(f"boot to first answer, s: min {low:.3f}  median {middle:.3f}  max {high:.3f}")


if __name__ == "__main__":
    asyncio.run(main())
