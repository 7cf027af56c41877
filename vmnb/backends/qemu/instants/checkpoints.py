"""The checkpoints of a VM, in its work directory; its disk's layers are beside them."""

from contextlib import suppress
from datetime import datetime
from typing import Any

from vmnb.backends.qemu.files import WorkFiles, remove_tree
from vmnb.backends.qemu.instants.keeping import Kept
from vmnb.core.checkpoint import Checkpoint
from vmnb.core.errors import CheckpointError
from vmnb.core.handle import VmHandle
from vmnb.core.private_file import write_private

__all__ = ["Checkpoints"]

_CURRENT = "current"


class Checkpoints:
    """Those of one VM, each kept under the digest of its name, which may be any text."""

    def __init__(self, handle: VmHandle) -> None:
        self._name = handle.name
        self.layers = WorkFiles.of_handle(handle).directory
        self._directory = self.layers / "checkpoints"

    def all(self) -> tuple[Checkpoint, ...]:
        """Return them, oldest first."""
        current = self.current()
        found = (_checkpoint(facts, current) for _, facts in Kept.all_in(self._directory))
        return tuple(sorted(found, key=lambda each: each.time))

    def layer_names(self) -> list[str]:
        """Return the names of the disk's layers with which they begin."""
        return [facts["layer"] for _, facts in Kept.all_in(self._directory)]

    def get(self, name: str) -> Checkpoint:
        """Return the one of that name.

        Raises
        ------
        CheckpointError
            There is none.
        """
        return _checkpoint(self._known(name)[1], self.current())

    def new(self, name: str) -> Kept:
        """Return where one of that name is to be kept.

        Raises
        ------
        CheckpointError
            There is one already.
        """
        kept = self._kept(name)
        if kept.facts() is not None:
            raise CheckpointError(
                f"{self._name!r} has a checkpoint {name!r} already",
                hint="choose another name, or forget that one first: "
                f"vm.forget_checkpoint({name!r})",
            )
        return kept

    def find(self, name: str) -> Kept:
        """Return the one of that name.

        Raises
        ------
        CheckpointError
            There is none.
        """
        return self._known(name)[0]

    def sweep(self) -> None:
        """Remove what was begun and never finished."""
        for left in self._directory.glob(".*-*"):
            remove_tree(left) if left.is_dir() else left.unlink()

    def current(self) -> str | None:
        """Return the name of the one that the VM has lived on from."""
        with suppress(FileNotFoundError):
            return (self._directory / _CURRENT).read_text(encoding="utf-8")
        return None

    def live_on_from(self, name: str) -> None:
        """Remember that the VM lives on from the one of that name."""
        write_private(self._directory / _CURRENT, name)

    def _kept(self, name: str) -> Kept:
        return Kept.named(self._directory, name)

    def _known(self, name: str) -> tuple[Kept, dict[str, Any]]:
        kept = self._kept(name)
        facts = kept.facts()
        if facts is None:
            names = ", ".join(repr(each.name) for each in self.all())
            raise CheckpointError(
                f"{self._name!r} has no checkpoint {name!r}",
                hint=f"there are: {names}" if names else "make one: vm.checkpoint('before')",
            )
        return kept, facts


def _checkpoint(facts: dict[str, Any], current: str | None) -> Checkpoint:
    return Checkpoint(
        name=facts["name"],
        time=datetime.fromisoformat(facts["time"]),
        size_bytes=facts["size_bytes"],
        parent=facts["parent"],
        thumbnail=facts["thumbnail"],
        is_current=facts["name"] == current,
    )
