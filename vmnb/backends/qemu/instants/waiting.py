"""For whom a guest waits: a note in its work directory, read when there is nobody any more."""

import json
import os
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from vmnb.backends.qemu.files import WorkFiles
from vmnb.backends.qemu.remains import remove_remains
from vmnb.core.paths import data_home
from vmnb.core.private_file import write_private
from vmnb.core.process import ProcessId, boot_id, identify

__all__ = ["forget_taker", "give_away", "is_wanted", "own", "remove_taken", "sweep"]

_OWNER = "waiting.json"
_TAKER = "taken"


def own(files: WorkFiles) -> None:
    """Write down that this process is the one for which the QEMU waits."""
    write_private(files.directory / _OWNER, json.dumps(asdict(identify(os.getpid()))))


def give_away(files: WorkFiles, claim: str) -> None:
    """Write down for which claim it is from now on, and that it waits for nobody any more."""
    write_private(files.directory / _TAKER, claim)
    (files.directory / _OWNER).unlink()


def forget_taker(files: WorkFiles) -> None:
    """Take it as a VM like any other."""
    (files.directory / _TAKER).unlink(missing_ok=True)


def is_wanted(directory: Path, known: Collection[str]) -> bool:
    """Return whether a guest waits in a work directory for a process that lives, or was taken.

    Parameters
    ----------
    known
        The ids of the VMs that are being prepared, beside others.
    """
    with suppress(FileNotFoundError):
        if (directory / _TAKER).read_text() in known:
            return True
    with suppress(FileNotFoundError, ValueError, TypeError):
        return _lives(ProcessId(**json.loads((directory / _OWNER).read_bytes())))
    return False


def remove_taken(claim: str) -> None:
    """Leave nothing of one that was taken for a claim that came to nothing."""
    for note in _notes(_TAKER):
        with suppress(FileNotFoundError):
            if note.read_text() == claim:
                remove_remains(note.parent.name)


def sweep() -> None:
    """Leave nothing of what waited for processes that are no more."""
    for note in _notes(_OWNER):
        with suppress(FileNotFoundError, ValueError, TypeError):
            if not _lives(ProcessId(**json.loads(note.read_bytes()))):
                remove_remains(note.parent.name)


def _notes(name: str) -> list[Path]:
    return list((data_home().absolute() / "vms").glob(f"*/{name}"))


def _lives(process: ProcessId) -> bool:
    with suppress(FileNotFoundError):
        return process.boot == boot_id() and identify(process.pid) == process
    return False
