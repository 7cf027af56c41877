"""What a process was in the middle of: written down before, so that the next one can undo it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from vmnb.backends.qemu.files import WorkFiles
from vmnb.core.finish import finish
from vmnb.core.handle import VmHandle
from vmnb.core.private_file import write_private

__all__ = ["HalfDone", "forget", "half_done", "noted", "twins"]

_NAME = "half-done.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfDone:
    """An act that leaves the VM, where it is not finished, as nobody wants it.

    Parameters
    ----------
    stands_still
        Whether the guest ran before and has been made to stand still.
    is_nameless
        Whether the guest is a copy that may still have everything of the one it is a copy of.
    twin
        The VM to which the guest's memory moves meanwhile.
    layer
        The name of the disk's newest layer before, which is to be the newest again.
    """

    stands_still: bool = False
    is_nameless: bool = False
    twin: str | None = None
    layer: str | None = None


def half_done(handle: VmHandle) -> HalfDone | None:
    """Return what was begun with the VM and not finished."""
    return _read(_path(handle))


@asynccontextmanager
async def noted(handle: VmHandle, **facts: Any) -> AsyncIterator[None]:
    """Have `facts` written down, beside those that are, for as long as the body takes."""
    before = await asyncio.to_thread(half_done, handle)
    now = replace(before or HalfDone(), **facts)
    await finish(asyncio.to_thread(_write, handle, now))
    try:
        yield
    finally:
        await finish(asyncio.to_thread(_write, handle, before))


def forget(handle: VmHandle) -> None:
    """Take it as undone."""
    _path(handle).unlink(missing_ok=True)


def twins(work_dirs: Path) -> set[str]:
    """Return the VMs to which some guest's memory moves just now."""
    found = (_read(path) for path in work_dirs.glob(f"*/{_NAME}"))
    return {act.twin for act in found if act is not None and act.twin is not None}


def _read(path: Path) -> HalfDone | None:
    with suppress(FileNotFoundError, ValueError):
        return HalfDone(**json.loads(path.read_bytes()))
    return None


def _write(handle: VmHandle, act: HalfDone | None) -> None:
    if act is None:
        forget(handle)
    else:
        write_private(_path(handle), json.dumps(asdict(act)))


def _path(handle: VmHandle) -> Path:
    return WorkFiles.of_handle(handle).directory / _NAME
