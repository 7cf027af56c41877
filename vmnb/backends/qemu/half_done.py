"""What a process was in the middle of: written down before, so that the next one can undo it."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from vmnb.backends.qemu.files import WorkFiles
from vmnb.core.handle import VmHandle

__all__ = ["HalfDone", "forget", "half_done", "noted"]


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
    """

    stands_still: bool = False
    is_nameless: bool = False
    twin: str | None = None


def half_done(handle: VmHandle) -> HalfDone | None:
    """Return what was begun with the VM and not finished."""
    with suppress(FileNotFoundError, ValueError):
        return HalfDone(**json.loads(_path(handle).read_bytes()))
    return None


@contextmanager
def noted(handle: VmHandle, act: HalfDone) -> Iterator[None]:
    """Have `act` written down for as long as the body takes, whether it succeeds or fails."""
    before = half_done(handle)
    _write(handle, act)
    try:
        yield
    finally:
        forget(handle) if before is None else _write(handle, before)


def forget(handle: VmHandle) -> None:
    """Take it as undone."""
    _path(handle).unlink(missing_ok=True)


def _write(handle: VmHandle, act: HalfDone) -> None:
    path = _path(handle)
    new = path.with_name(f".{path.name}")
    new.touch(0o600)
    new.write_text(json.dumps(asdict(act)))
    new.replace(path)


def _path(handle: VmHandle) -> Path:
    return WorkFiles.of_handle(handle).directory / "half-done.json"
