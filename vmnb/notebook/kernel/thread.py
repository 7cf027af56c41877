"""Messages taken where ipykernel 7 reads its shell channel: in a thread that no cell blocks.

That thread hands each message to the main shell or to a subshell. A message that is ours is taken
before, and all others go to the kernel's own function as they came.

The front end waits for the word "idle" after each message. It follows a little later: written just
before the guest's echo it would hold the echo up, 40 ms long, by Nagle's algorithm.
"""

import json
from collections.abc import Awaitable
from typing import Any

from vmnb.notebook.kernel.desk import deliver, is_ours

__all__ = ["take_over"]

_IDLE_AFTER_S = 0.05


def take_over(kernel: Any) -> bool:
    """Take our messages in the kernel's thread; return whether that is possible here.

    It is done once a kernel. From another thread's point of view it holds a moment later.
    """
    stream = getattr(kernel, "shell_stream", None)
    reading = getattr(stream, "_recv_callback", None)
    if isinstance(reading, _Reader):
        return True
    loop = getattr(getattr(kernel, "shell_channel_thread", None), "io_loop", None)
    session = getattr(kernel, "session", None)
    publish = getattr(kernel, "_publish_status", None)
    known = (
        reading is not None
        and reading == getattr(kernel, "shell_channel_thread_main", None)
        and getattr(stream, "_recv_copy", None) is False
        and all(hasattr(loop, name) for name in ("add_callback", "call_later"))
        and all(hasattr(session, name) for name in ("feed_identities", "deserialize", "unpack"))
        and publish is not None
    )
    if known and stream is not None and loop is not None:
        loop.add_callback(stream.on_recv, _Reader(session, loop, publish, reading), copy=False)
    return known


class _Reader:
    """The stream's callback: takes what is ours, and leaves the rest to `default`."""

    def __init__(self, session: Any, loop: Any, publish: Any, default: Any) -> None:
        self._session = session
        self._loop = loop
        self._publish = publish
        self._default = default

    def __call__(self, frames: list[Any]) -> Awaitable[None] | None:
        if self._take(frames):
            return None
        rest: Awaitable[None] = self._default(frames)
        return rest

    def _take(self, frames: list[Any]) -> bool:
        session = self._session
        try:
            _, parts = session.feed_identities(frames, copy=False)
            if json.loads(parts[1].bytes)["msg_type"] != "comm_msg":
                return False
            if not is_ours(session.unpack(parts[4].bytes)):
                return False
            message = session.deserialize(parts, content=True, copy=False)
        except Exception:  # noqa: BLE001 - whatever is wrong with it, the kernel says it better
            return False
        deliver(message["content"], message["buffers"])
        self._loop.call_later(_IDLE_AFTER_S, self._publish, "idle", "shell", message)
        return True
