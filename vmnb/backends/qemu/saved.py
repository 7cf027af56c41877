"""A guest at one instant: its memory, what its devices knew, and its disk."""

import os
from dataclasses import dataclass
from pathlib import Path

from vmnb.core.errors import BackendError

__all__ = ["SavedGuest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedGuest:
    """Enough to let the guest go on from there, as often as one likes.

    Parameters
    ----------
    shape
        The machine that it fits; see :func:`~vmnb.backends.qemu.argv.shape`.
    memory
        Descriptor of its memory, in which nobody writes any more.
    state
        What its devices knew, as QEMU's migration stream has it.
    layer
        The disk as it was: a layer that nobody writes any more.
    """

    shape: str
    memory: int
    state: bytes
    layer: Path

    def require_shape(self, shape: str, name: str) -> None:
        """Raise BackendError where the VM `name` has not just the machine that was saved."""
        if shape != self.shape:
            raise BackendError(
                f"{name!r} cannot go on from the saved guest: its machine differs from that one's, "
                "or QEMU was changed since",
                hint="start it cold: stop it, then start it",
            )

    def close(self) -> None:
        """Let go of the memory; guests that went on from it keep theirs."""
        os.close(self.memory)
