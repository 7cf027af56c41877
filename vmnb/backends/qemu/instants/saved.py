"""A guest at one instant: its memory, what its devices knew, and its disk."""

import asyncio
import os
from dataclasses import dataclass
from pathlib import Path

from vmnb.core.sockets import connect

__all__ = ["SavedGuest"]

_SEND_TIMEOUT_S = 30.0


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
    cards
        The addresses of its network cards.
    is_shared
        Whether several guests may go on from this memory, each with pages of its own where it has
        written; else one alone does, and writes into it.
    """

    shape: str
    memory: int
    state: bytes
    layer: Path
    cards: tuple[str, ...]
    is_shared: bool = True

    @property
    def brings_memory(self) -> bool:
        """The memory is there already."""
        return False

    async def deliver(self, path: Path) -> None:
        """Send the state to the socket at `path`."""
        with connect(path) as connection:
            async with asyncio.timeout(_SEND_TIMEOUT_S):
                await asyncio.get_running_loop().sock_sendall(connection, self.state)

    def close(self) -> None:
        """Let go of the memory; guests that went on from it keep theirs."""
        os.close(self.memory)
