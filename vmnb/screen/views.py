"""The live views of one screen: each has a connection of its own, none holds up another."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from vmnb.core.sockets import connect
from vmnb.screen.connection import Connection

__all__ = ["Send", "Views"]

_log = logging.getLogger(__name__)

Send = Callable[[dict[str, Any], list[bytes]], None]
"""Carries one message and its buffers to a view."""

_VIEWS_MAX = 8
_PATIENCE_S = 60.0
"""A view may be silent for a while, where a cell runs long; one that is gone says nothing ever."""


class Views:
    """Connects views to a screen's RFB server on a Unix socket, on one event loop.

    No more than 8 at a time: with one more, that one is let go which was silent longest.
    """

    def __init__(self, patience_s: float = _PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._connections: dict[str, Connection] = {}

    def open(self, view: str, path: Path, send: Send) -> None:
        """Begin, or begin again, to show the screen to a view.

        Parameters
        ----------
        send
            Called with a message and its buffers: first ``screen_opened``, then ``screen_data``,
            which has `seq`, the position of its first byte, and the bytes; and ``screen_closed``
            with a `reason` when it is over, or could not begin. Each has the `view`.
        """
        self.close(view)
        tell = partial(self._tell, view, send)
        try:
            sock = connect(path)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            tell("screen_closed", reason=f"the screen cannot be reached: {reason}")
            return
        if len(self._connections) >= _VIEWS_MAX:
            silent_longest = next(iter(self._connections.values()))
            silent_longest.drop("too many views look at this screen")
        self._connections[view] = Connection(
            sock,
            self._patience_s,
            deliver=lambda seq, data: tell("screen_data", data, seq=seq),
            ended=partial(self._ended, view, tell),
        )
        tell("screen_opened")

    def write(self, view: str, data: bytes) -> None:
        """Send what a view says, if it is one."""
        if connection := self._heard(view):
            connection.write(data)

    def acknowledge(self, view: str, position: int) -> None:
        """Note that a view has taken everything before `position`."""
        if connection := self._heard(view):
            connection.acknowledge(position)

    def close(self, view: str) -> None:
        """Forget a view, without a word to it."""
        if connection := self._connections.pop(view, None):
            connection.close()

    def close_all(self) -> None:
        """Forget all views, without a word to them."""
        for view in list(self._connections):
            self.close(view)

    def _heard(self, view: str) -> Connection | None:
        connection = self._connections.pop(view, None)
        if connection is not None:
            self._connections[view] = connection  # behind those that are silent
        return connection

    def _ended(self, view: str, tell: Callable[..., None], reason: str) -> None:
        self._connections.pop(view, None)
        tell("screen_closed", reason=reason)

    def _tell(self, view: str, send: Send, kind: str, *buffers: bytes, **facts: Any) -> None:
        try:
            send({"kind": kind, "view": view, **facts}, list(buffers))
        except Exception:  # noqa: BLE001 - whatever the view's own way of sending raises
            _log.exception("view %s cannot be sent to and is dropped", view)
            self.close(view)
