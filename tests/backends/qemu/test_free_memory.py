"""A guest that could come to use more memory than is free is not started."""

import asyncio
import os
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import pytest

from vmnb.backends.qemu import QemuHypervisor
from vmnb.core.errors import LimitError
from vmnb.core.handle import VmHandle
from vmnb.core.spec import VmSpec
from vmnb.core.state import VmState

Prepared = Callable[[VmSpec], AbstractAsyncContextManager[VmHandle]]


def test_it_is_refused_and_nothing_runs(
    runner: asyncio.Runner,
    hypervisor: QemuHypervisor,
    prepared: Prepared,
    spec: Callable[..., VmSpec],
) -> None:
    whole_mib = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2**20

    async def scenario() -> None:
        async with prepared(spec(memory_mib=whole_mib)) as handle:
            with pytest.raises(LimitError, match=f"{whole_mib:,} MiB(?s:.)*less memory"):
                await hypervisor.start(handle)
            assert await hypervisor.state(handle) is VmState.PREPARED

    runner.run(scenario())
