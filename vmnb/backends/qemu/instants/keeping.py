"""A saved guest in a directory of its own: written whole or not at all, checked before use.

All of it is read to be checked, once for each boot of the host; from then on what the file system
knows of its files tells whether anybody has written to them.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vmnb.backends.qemu.disk.digest import file_digest
from vmnb.backends.qemu.files import remove_at_once, remove_tree, require_room
from vmnb.backends.qemu.instants.memory import open_memory
from vmnb.backends.qemu.instants.saved import SavedGuest
from vmnb.core.errors import BackendError
from vmnb.core.private_file import write_private
from vmnb.core.process import boot_id

__all__ = ["Kept"]

_FACTS = "facts.json"
_MEMORY = "memory"
_STATE = "state"
_CHECKED = "checked.json"


@dataclass(frozen=True, slots=True)
class Kept:
    """A saved guest on the disk; there is one if :meth:`facts` finds it."""

    directory: Path

    @classmethod
    def named(cls, folder: Path, name: str) -> "Kept":
        """Return where `folder` has the one of that name, which may be any text."""
        return cls(folder / hashlib.sha256(name.encode()).hexdigest()[:24])

    @classmethod
    def all_in(cls, folder: Path) -> "Iterator[tuple[Kept, dict[str, Any]]]":
        """Yield those that `folder` has whole, each with what is known of it."""
        if folder.exists():
            for entry in folder.iterdir():
                kept = cls(entry)
                if not entry.name.startswith(".") and (facts := kept.facts()):
                    yield kept, facts

    @property
    def unfinished(self) -> "Kept":
        """Where it is made; it becomes the directory by rename when all is there."""
        return Kept(self.directory.with_name(f".new-{self.directory.name}"))

    def begin(self) -> int:
        """Make the directory and return the descriptor of the file for the guest's memory.

        Raises
        ------
        BackendError
            The disk is full.
        """
        directory = self.unfinished.directory
        remove_tree(directory)
        directory.parent.mkdir(0o700, exist_ok=True)
        require_room(directory.parent)
        directory.mkdir(0o700)
        return os.open(
            directory / _MEMORY, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600
        )

    def give_up(self) -> None:
        """Leave nothing of what was begun."""
        remove_tree(self.unfinished.directory)

    def finish(self, saved: SavedGuest, about: Mapping[str, Any]) -> None:
        """Write the rest; afterwards it is there for good, with the facts `about` it."""
        new = self.unfinished.directory
        _write(new / _STATE, saved.state)
        os.fsync(saved.memory)
        facts = {
            **about,
            "shape": saved.shape,
            "layer": saved.layer.name,
            "cards": saved.cards,
            "digests": {name: file_digest(new / name) for name in (_MEMORY, _STATE)},
            "size_bytes": sum((new / name).stat().st_blocks * 512 for name in (_MEMORY, _STATE)),
        }
        _write(new / _FACTS, json.dumps(facts).encode())
        write_private(new / _CHECKED, _stamp(new))
        new.rename(self.directory)

    def facts(self) -> dict[str, Any] | None:
        """Return what is known of it; None where there is none, or none that can be read."""
        try:
            facts: dict[str, Any] = json.loads((self.directory / _FACTS).read_bytes())
        except (OSError, ValueError):
            return None
        return facts

    def open(self, layers: Path) -> SavedGuest:
        """Return the saved guest, whose disk's layers are in the directory `layers`.

        Raises
        ------
        BackendError
            It has been damaged since it was written.
        """
        facts = self.facts()
        if facts is None or not self._is_whole(facts["digests"]):
            raise BackendError(
                f"what was saved in {self.directory} has been damaged since", hint="remove it"
            )
        return SavedGuest(
            shape=facts["shape"],
            memory=open_memory(self.directory / _MEMORY),
            state=(self.directory / _STATE).read_bytes(),
            layer=layers / facts["layer"],
            cards=tuple(facts["cards"]),
        )

    def remove(self) -> None:
        """Remove it."""
        remove_at_once(self.directory)

    def _is_whole(self, digests: Mapping[str, str]) -> bool:
        """Return whether the files are as they were written."""
        try:
            stamp = _stamp(self.directory)
            if _read(self.directory / _CHECKED) == stamp:
                return True
            if any(file_digest(self.directory / name) != digests[name] for name in digests):
                return False
        except FileNotFoundError:
            return False
        write_private(self.directory / _CHECKED, stamp)
        return True


def _stamp(directory: Path) -> str:
    """Return a text that is another after any change of the files, or of this boot's end."""
    known = [boot_id()]
    for name in (_MEMORY, _STATE):
        info = (directory / name).stat()
        known.append(f"{info.st_ino} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns}")
    return "\n".join(known)


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
