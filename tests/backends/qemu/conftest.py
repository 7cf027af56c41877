"""Real VMs of QEMU whose guests are single boot sectors, and so are up in a moment."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from tests.boot_sector import HALT, boot_disk
from tests.small_disk import mountable
from vmnb.backends.qemu import QemuHypervisor
from vmnb.backends.qemu.disk.layers import new_layer, put_on_top
from vmnb.backends.qemu.program.binary import Qemu, find_qemu
from vmnb.backends.qemu.program.probe_cache import ProbeCache
from vmnb.backends.qemu.program.qemu_img import create_layer
from vmnb.core.handle import VmHandle
from vmnb.core.spec import VmSpec

HELLO = b"\xba\xf8\x03\xb0H\xee\xb0i\xee\xb0\n\xee"  # "Hi" to the serial port
GUESTS = {
    "idle": HALT,
    "power-off": b"\xba\x04\x06\xb8\x00\x20\xef" + HALT,  # outw 0x2000 to PM1a_CNT, as SeaBIOS set
    "panic": b"\xba\x05\x05\xb0\x01\xee" + HALT,  # outb 1 to pvpanic's port
    "reboot": b"\xb0\xfe\xe6\x64" + HALT,  # outb 0xfe to the keyboard controller: reset
    "write": b"\xb8\x01\x03\xbb\x00\x7c\xb9\x02\x00\xba\x80\x00\xcd\x13" + HALT,  # a sector by BIOS
    "hello": HELLO + HALT,
    "keys": b"\xb4\x00\xcd\x16\xba\xf8\x03\xee\xeb\xf6",  # what the BIOS reads, to the serial port
    "busy": HELLO + b"\xeb\xfe",  # jmp to itself
}
"""Machine code by what it does; all but one then wait for ever."""

Running = Callable[[VmHandle], AbstractAsyncContextManager[VmHandle]]


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """One event loop for the whole test."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def make_image(tmp_path: Path) -> Callable[[str], Path]:
    """Make the disk of one of `GUESTS`."""

    def make(guest: str) -> Path:
        return boot_disk(tmp_path / f"{guest}.img", GUESTS[guest])

    return make


@pytest.fixture
def spec(make_image: Callable[[str], Path]) -> Callable[..., VmSpec]:
    """Describe a small VM with one of `GUESTS`."""

    def describe(guest: str = "idle", **values: object) -> VmSpec:
        facts = {"name": f"test {guest}", "image": str(make_image(guest)), "memory_mib": 32}
        return VmSpec(**{**facts, **values})  # type: ignore[arg-type]

    return describe


@pytest.fixture
def small_disk(homes: Path) -> Iterator[Callable[[str], Path]]:
    """Mount a small file system with the options given."""
    with mountable(homes / "small") as mount:
        yield mount


@pytest.fixture
def hypervisor(homes: Path, runner: asyncio.Runner) -> Iterator[QemuHypervisor]:
    """A hypervisor in homes of the test's own."""
    hypervisor = QemuHypervisor()
    yield hypervisor
    runner.run(hypervisor.aclose())


@pytest.fixture
def prepared(
    hypervisor: QemuHypervisor,
) -> Callable[[VmSpec], AbstractAsyncContextManager[VmHandle]]:
    """Prepare a VM and destroy it at the end."""

    @asynccontextmanager
    async def prepare(spec: VmSpec) -> AsyncIterator[VmHandle]:
        handle = await hypervisor.prepare(spec)
        try:
            yield handle
        finally:
            await hypervisor.destroy(handle)

    return prepare


@pytest.fixture
def qemu(homes: Path, runner: asyncio.Runner) -> Qemu:
    """The QEMU of this machine."""
    return runner.run(find_qemu(ProbeCache()))


@pytest.fixture
def layered(
    hypervisor: QemuHypervisor, runner: asyncio.Runner, spec: Callable[..., VmSpec], qemu: Qemu
) -> Iterator[tuple[VmHandle, list[Path]]]:
    """A VM whose disk has three layers over its image, oldest first."""
    handle = runner.run(hypervisor.prepare(spec()))
    assert handle.overlay is not None
    layers = [handle.overlay.resolve()]
    for _ in range(2):
        layers.append(new_layer(layers[0].parent))
        create_layer(layers[-1], qemu, layers[-2])
    put_on_top(layers[-1], handle.overlay)
    yield handle, layers
    runner.run(hypervisor.destroy(handle))


@pytest.fixture
def layers(layered: tuple[VmHandle, list[Path]]) -> list[Path]:
    """Those layers."""
    return layered[1]
