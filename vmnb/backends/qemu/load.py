"""Letting a QEMU that waits for it have the state of a saved guest."""

import asyncio
import os
from pathlib import Path

from vmnb.backends.qemu.attachment import Attachment
from vmnb.core.sockets import connect

__all__ = ["CAPABILITIES", "load_state"]

CAPABILITIES = [{"capability": name, "state": True} for name in ("x-ignore-shared", "events")]
"""What both sides are told: the memory is a file, not in the stream; and say when it is done."""

_LOAD_TIMEOUT_S = 30.0
_WAITS = "inmigrate"


async def load_state(attachment: Attachment, state: bytes, path: Path) -> None:
    """Give QEMU, which was started to wait, the `state` of its devices by a socket at `path`.

    Afterwards the guest runs; a QEMU that cannot take the state ends.
    """
    await attachment.execute("migrate-set-capabilities", capabilities=CAPABILITIES)
    await attachment.execute("migrate-incoming", uri=f"unix:{os.fspath(path)}")
    with connect(path) as connection, attachment.news() as news:
        async with asyncio.timeout(_LOAD_TIMEOUT_S):
            await asyncio.get_running_loop().sock_sendall(connection, state)
            connection.close()
            while (await attachment.execute("query-status"))["status"] == _WAITS:
                await news.wait()
                news.clear()
    await attachment.execute("cont")  # it stood still while it was saved
    await asyncio.to_thread(path.unlink, missing_ok=True)
