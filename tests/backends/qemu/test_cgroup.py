"""Each VM in a cgroup of its own, where that is configured.

A machine that has given no group with these controllers away is common, and this may be one: so
what is written is seen in a directory that stands for such a group.
"""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest

from vmnb.backends.qemu import QemuHypervisor
from vmnb.core.errors import BackendError
from vmnb.core.handle import VmHandle
from vmnb.core.spec import VmSpec
from vmnb.core.state import VmState

Prepared = Callable[[VmSpec], AbstractAsyncContextManager[VmHandle]]


@pytest.fixture
def above(tmp_path: Path, machine_config: Path) -> Path:
    """The configured group, which is not there yet."""
    machine_config.write_text(f'[cgroup]\nparent = "{tmp_path}/above"\n')
    return tmp_path / "above"


def test_qemu_is_put_into_a_group_with_its_memory_and_processors(
    runner: asyncio.Runner,
    hypervisor: QemuHypervisor,
    prepared: Prepared,
    spec: Callable[..., VmSpec],
    above: Path,
) -> None:
    above.mkdir()

    async def scenario() -> None:
        async with prepared(spec(vcpus=2)) as handle:
            started = await hypervisor.start(handle)
            group = above / f"vmnb-{handle.id}"
            written = await asyncio.to_thread(
                lambda: {path.name: path.read_text() for path in group.iterdir()}
            )
            assert written == {
                "cgroup.procs": str(started.pid),
                "cpu.max": "200000 100000",
                "memory.max": str((32 + 512) * 2**20),
            }

    runner.run(scenario())


def test_where_there_is_no_such_group_nothing_is_started(
    runner: asyncio.Runner,
    hypervisor: QemuHypervisor,
    prepared: Prepared,
    spec: Callable[..., VmSpec],
    above: Path,
) -> None:
    assert not above.exists()

    async def scenario() -> None:
        async with prepared(spec()) as handle:
            with pytest.raises(BackendError, match=r"cgroup(?s:.)*memory and cpu"):
                await hypervisor.start(handle)
            assert await hypervisor.state(handle) is VmState.PREPARED

    runner.run(scenario())
