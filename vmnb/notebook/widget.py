"""The one widget: the kernel's side of ``frontend/src/protocol.ts``.

A message from the page is only handed to the background loop; nothing here waits for a VM.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

import anywidget
import traitlets

from vmnb.core import runtime
from vmnb.core.errors import VmnbError
from vmnb.notebook.action_talk import ActionTalk
from vmnb.notebook.assets import bootstrap
from vmnb.notebook.bundle_talk import BundleTalk
from vmnb.notebook.console_talk import ConsoleTalk
from vmnb.notebook.live import Live
from vmnb.notebook.talk import Message, Talk

__all__ = ["CardWidget"]

_log = logging.getLogger(__name__)

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
    console
        The number of the console that is shown alone.
    """

    card = traitlets.Any().tag(sync=True)
    history = traitlets.Any().tag(sync=True)
    snapshot = traitlets.Unicode().tag(sync=True)
    layout_kind = traitlets.Unicode("card").tag(sync=True)
    console = traitlets.Int(0).tag(sync=True)

    def __init__(self, live: Live, layout: str, console: int = 0) -> None:
        self._live = live
        self._snapshot_due: asyncio.TimerHandle | None = None
        self._unsubscribe: Callable[[], None] = lambda: None  # closed too where it was never made
        super().__init__(
            _esm=bootstrap(),
            card=live.card(),
            history=live.rows(),
            snapshot=live.consoles.text(console)[-_SNAPSHOT_CHARACTERS:],
            layout_kind=layout,
            console=console,
        )
        talks: tuple[Talk, ...] = (
            BundleTalk(self.send),
            ActionTalk(live, self.send),
            ConsoleTalk(live, self._to_view),
        )
        self._talks = {kind: talk for talk in talks for kind in talk.kinds}
        self._unsubscribe = live.subscribe(self._show)
        self.on_msg(self._receive)

    def close(self) -> None:
        """Take it from the page; the VM goes on as it is."""
        self._unsubscribe()
        super().close()

    def _show(self) -> None:
        with self.hold_sync():
            self.card = self._live.card()
            self.history = self._live.rows()
            self.snapshot = self._live.consoles.text(self.console)[-_SNAPSHOT_CHARACTERS:]

    def _receive(self, _: Any, content: Message, buffers: Sequence[memoryview]) -> None:
        runtime.submit(self._handle(content, [bytes(buffer) for buffer in buffers]))

    async def _handle(self, content: Message, buffers: list[bytes]) -> None:
        try:
            await self._talks[content["kind"]].handle(content, buffers)
        except VmnbError as error:
            _log.info("the page asked for %s: %s", content.get("kind"), error)
        except Exception:  # noqa: BLE001 - a page may send anything; the widget lives on
            _log.exception("the page sent a message that could not be handled: %r", content)

    def _to_view(self, message: Message, buffers: list[bytes]) -> None:
        self.send(message, buffers)
        if message["kind"] == "output" and self._snapshot_due is None:
            loop = asyncio.get_running_loop()
            self._snapshot_due = loop.call_later(_SNAPSHOT_EVERY_S, self._renew_snapshot)

    def _renew_snapshot(self) -> None:
        self._snapshot_due = None
        self._show()
