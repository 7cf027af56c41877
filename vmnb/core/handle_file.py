"""A VM's handle in its own work directory: written before the store has it, read where that fails.

So what is there is never older than what the store says.
"""

import json
from contextlib import suppress
from pathlib import Path

from vmnb.core.handle import VmHandle
from vmnb.core.private_file import write_private

__all__ = ["read_handle", "write_handle", "written_handles"]

_NAME = "handle.json"


def write_handle(handle: VmHandle) -> None:
    """Write `handle` down, where it has a work directory and that says something else.

    Raises
    ------
    OSError
        It cannot be written.
    """
    if handle.work_dir is None or not handle.work_dir.exists():
        return
    if read_handle(handle.work_dir) != handle:
        with suppress(FileNotFoundError):  # the VM was destroyed just now
            write_private(handle.work_dir / _NAME, json.dumps(handle.to_json()), durable=True)


def read_handle(work_dir: Path | None) -> VmHandle | None:
    """Return the handle in `work_dir`; None where there is none that can be read."""
    if work_dir is not None:
        with suppress(OSError, ValueError, LookupError, TypeError):
            return VmHandle.from_json(json.loads((work_dir / _NAME).read_bytes()))
    return None


def written_handles(work_dirs: Path) -> list[VmHandle]:
    """Return those of every work directory in `work_dirs`, oldest first."""
    found = [path for path in work_dirs.glob(f"*/{_NAME}") if not path.parent.name.startswith(".")]
    found.sort(key=lambda path: path.parent.stat().st_ctime_ns)
    handles = [read_handle(path.parent) for path in found]
    return [handle for handle in handles if handle is not None]
