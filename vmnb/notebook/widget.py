"""The one widget: the kernel's side of ``frontend/src/protocol.ts``.

A message from the page is only handed to the background loop; nothing here waits for a VM.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import anywidget
import traitlets

from vmnb.core import runtime
from vmnb.notebook.action_talk import ActionTalk
from vmnb.notebook.assets import bootstrap
from vmnb.notebook.bundle_talk import BundleTalk
from vmnb.notebook.console_talk import ConsoleTalk
from vmnb.notebook.live import Live
from vmnb.notebook.socket_talk import SocketTalk
from vmnb.notebook.talk import Message, Send
from vmnb.notebook.talks import Talks

__all__ = ["CardWidget"]

_SNAPSHOT_CHARACTERS = 16_000
_SNAPSHOT_EVERY_S = 2.0
"""How often the text for saved notebooks is renewed while the console speaks."""


class CardWidget(anywidget.AnyWidget):
    """A VM's card in the page, or its console alone.

    Parameters
    ----------
    live
        What it shows.
    layout
        ``"card"`` or ``"console"``.
    """

    card = traitlets.Any().tag(sync=True)
    history = traitlets.Any().tag(sync=True)
    snapshot = traitlets.Unicode().tag(sync=True)
    layout_kind = traitlets.Unicode("card").tag(sync=True)

    def __init__(self, live: Live, layout: str) -> None:
        self._live = live
        self._snapshot_due: asyncio.TimerHandle | None = None
        self._unsubscribe: Callable[[], None] = lambda: None  # closed too where it was never made
        super().__init__(
            _esm=bootstrap(),
            card=live.card(),
            history=live.rows(),
            snapshot=live.console_text()[-_SNAPSHOT_CHARACTERS:],
            layout_kind=layout,
        )
        self._talks = self.talks(self.send)
        self._unsubscribe = live.subscribe(self._show)
        self.on_msg(self._receive)

    def talks(self, send: Send) -> Talks:
        """Return the talks with the pages that `send` reaches."""
        console = ConsoleTalk(self._live, partial(self._to_view, send))
        return Talks(
            (
                BundleTalk(send),
                ActionTalk(self._live, send),
                SocketTalk(self, self.model_id, send),
                console,
            ),
            leave=console.leave,
        )

    def close(self) -> None:
        """Take it from the page; the VM goes on as it is."""
        self._unsubscribe()
        super().close()

    def _show(self) -> None:
        with self.hold_sync():
            self.card = self._live.card()
            self.history = self._live.rows()
            self.snapshot = self._live.console_text()[-_SNAPSHOT_CHARACTERS:]

    def _receive(self, _: Any, content: Message, buffers: Sequence[memoryview]) -> None:
        runtime.submit(self._talks.handle(content, [bytes(buffer) for buffer in buffers]))

    def _to_view(self, send: Send, message: Message, buffers: list[bytes]) -> None:
        send(message, buffers)
        if message["kind"] == "output" and self._snapshot_due is None:
            loop = asyncio.get_running_loop()
            self._snapshot_due = loop.call_later(_SNAPSHOT_EVERY_S, self._renew_snapshot)

    def _renew_snapshot(self) -> None:
        self._snapshot_due = None
        self._show()
