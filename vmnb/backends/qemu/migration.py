"""What a guest's devices know, and its memory where that is no file, from one QEMU to another."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Protocol

from vmnb.backends.qemu.attachment import Attachment
from vmnb.core.errors import BackendError

__all__ = ["Origin", "receive", "send"]

_TIMEOUT_S = 120.0
_CAPABILITIES = [{"capability": name, "state": True} for name in ("x-ignore-shared", "events")]
"""What both sides are told: memory that is a file is not in the stream; and say when it is done."""

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
    def goes_on(self) -> bool:
        """Whether the guest is to run then."""
        ...

    async def deliver(self, path: Path) -> None:
        """Send the rest to the socket at `path`."""
        ...


async def send(attachment: Attachment, path: Path) -> None:
    """Let QEMU, whose guest stands still, send it to the socket at `path`.

    Raises
    ------
    BackendError
        It cannot.
    """
    await attachment.execute("migrate-set-capabilities", capabilities=_CAPABILITIES)
    await attachment.execute("migrate-set-parameters", max_bandwidth=_FAST)
    with attachment.news() as news:
        await attachment.execute("migrate", uri=f"unix:{os.fspath(path)}")
        async with asyncio.timeout(_TIMEOUT_S):
            while not await _is_sent(attachment):
                await news.wait()
                news.clear()


async def receive(
    attachment: Attachment, path: Path, deliver: Callable[[Path], Awaitable[None]]
) -> None:
    """Let QEMU, which was started to wait, have what `deliver` sends to a socket at `path`.

    Afterwards its guest stands still; a QEMU that cannot take it ends.
    """
    await attachment.execute("migrate-set-capabilities", capabilities=_CAPABILITIES)
    await attachment.execute("migrate-incoming", uri=f"unix:{os.fspath(path)}")
    with attachment.news() as news:
        await deliver(path)
        async with asyncio.timeout(_TIMEOUT_S):
            while (await attachment.execute("query-status"))["status"] == _WAITS:
                await news.wait()
                news.clear()
    await asyncio.to_thread(path.unlink, missing_ok=True)


async def _is_sent(attachment: Attachment) -> bool:
    migration = await attachment.execute("query-migrate")
    if migration.get("status") in ("failed", "cancelled"):
        reason = migration.get("error-desc", "it gives no reason")
        raise BackendError(f"QEMU cannot save the guest: {reason}")
    return bool(migration.get("status") == "completed")
