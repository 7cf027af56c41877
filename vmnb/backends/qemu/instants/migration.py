"""What a guest's devices know, and its memory where that is no file, from one QEMU to another.

Both go through a Unix socket, and every QEMU from 7.2 on is told the same. Later ones can write a
``file:`` (8.2), with memory in its place there (``mapped-ram``, 9.0): it is a file here already.
"""

import asyncio
import os
from functools import partial
from pathlib import Path
from typing import Protocol

from vmnb.backends.qemu.running.attachment import Attachment
from vmnb.core.errors import BackendError

__all__ = ["Origin", "receive", "send"]

_TIMEOUT_S = 120.0
_FAST = 1 << 40
"""In bytes a second: more than any machine can."""

_WAITS = "inmigrate"


class Origin(Protocol):
    """Where a QEMU that is started to wait has its guest from."""

    @property
    def shape(self) -> str:
        """The machine that it fits; see :func:`~vmnb.backends.qemu.argv.shape`."""
        ...

    @property
    def memory(self) -> int:
        """Descriptor of the guest's memory."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether several guests go on from this memory, each with pages of its own."""
        ...

    @property
    def brings_memory(self) -> bool:
        """Whether the memory comes with the rest, and the file has nothing yet.

        Such a guest only passes through, and stands still; any other is to run.
        """
        ...

    async def deliver(self, path: Path) -> None:
        """Send the rest to the socket at `path`."""
        ...


async def send(attachment: Attachment, path: Path, *, with_memory: bool = False) -> None:
    """Let QEMU, whose guest stands still, send it to the socket at `path`.

    Parameters
    ----------
    with_memory
        Whether the memory, too, is sent: it is not a file that is to be had otherwise.

    Raises
    ------
    BackendError
        It cannot.
    """
    await _agree(attachment, with_memory=with_memory)
    await attachment.execute("migrate-set-parameters", max_bandwidth=_FAST)
    with attachment.news() as news:
        await attachment.execute("migrate", uri=f"unix:{os.fspath(path)}")
        await attachment.until(news, partial(_is_sent, attachment), _TIMEOUT_S)


async def receive(attachment: Attachment, path: Path, origin: Origin) -> None:
    """Let QEMU, which was started to wait, have what `origin` sends to a socket at `path`.

    Afterwards its guest stands still; a QEMU that cannot take it ends.
    """
    await _agree(attachment, with_memory=origin.brings_memory)
    await attachment.execute("migrate-incoming", uri=f"unix:{os.fspath(path)}")
    with attachment.news() as news:
        await origin.deliver(path)
        await attachment.until(news, partial(_is_received, attachment), _TIMEOUT_S)
    await asyncio.to_thread(path.unlink, missing_ok=True)


async def _agree(attachment: Attachment, *, with_memory: bool) -> None:
    """Tell one side what is in the stream, and to say when it is done; the other is told the same.

    With ``x-ignore-shared`` all of the memory that QEMU has mapped as shared is left out.
    """
    wanted = {"x-ignore-shared": not with_memory, "events": True}
    capabilities = [{"capability": name, "state": state} for name, state in wanted.items()]
    await attachment.execute("migrate-set-capabilities", capabilities=capabilities)


async def _is_sent(attachment: Attachment) -> bool:
    migration = await attachment.execute("query-migrate")
    if migration.get("status") in ("failed", "cancelled"):
        reason = migration.get("error-desc", "it gives no reason")
        raise BackendError(f"QEMU cannot save the guest: {reason}")
    return bool(migration.get("status") == "completed")


async def _is_received(attachment: Attachment) -> bool:
    return bool((await attachment.execute("query-status"))["status"] != _WAITS)
