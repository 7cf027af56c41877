"""The one widget: the kernel's side of ``frontend/src/protocol.ts``.

A message from the page is only handed to the background loop; nothing here waits for a VM.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import anywidget
import traitlets

from vmnb.core import runtime
from vmnb.notebook.action_talk import ActionTalk, Known
from vmnb.notebook.assets import bootstrap
from vmnb.notebook.bounds import short_card, short_rows, short_states, short_text
from vmnb.notebook.bundle_talk import BundleTalk
from vmnb.notebook.console_talk import ConsoleTalk
from vmnb.notebook.kernel_comm import is_marimo, take
from vmnb.notebook.knock_talk import KnockTalk
from vmnb.notebook.live import Live
from vmnb.notebook.lull import Lull
from vmnb.notebook.metrics_talk import MetricsTalk
from vmnb.notebook.screen_talk import ScreenTalk
from vmnb.notebook.socket_talk import SocketTalk
from vmnb.notebook.talk import Message, Send
from vmnb.notebook.talks import Talks
from vmnb.notebook.typed import Typed
from vmnb.notebook.wire import Wire

__all__ = ["CardWidget"]

_QUIET_S, _APART_S, _WITHIN_S = 1.0, 2.0, 10.0
"""When the text for saved notebooks is renewed: not between two keys, if that can wait."""


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
    saved_key
        Names the saved form, which is hidden while this is shown.
    """

    card = traitlets.Any().tag(sync=True)
    history = traitlets.Any().tag(sync=True)
    states = traitlets.Unicode().tag(sync=True)
    snapshot = traitlets.Unicode().tag(sync=True)
    layout_kind = traitlets.Unicode("card").tag(sync=True)
    reach = traitlets.Dict({"control": "", "advice": ""}).tag(sync=True)
    saved_key = traitlets.Unicode().tag(sync=True)

    console = traitlets.Int(0).tag(sync=True)

    def __init__(self, live: Live, layout: str, console: int, saved_key: str) -> None:
        self._live = live
        self._console = console
        self._known, self._typed = Known(), Typed()  # shared by all ways to a page
        self._is_card = layout == "card"
        self._lull = Lull(self._show, quiet_s=_QUIET_S, apart_s=_APART_S)
        self._unsubscribe: Callable[[], None] = lambda: None  # closed too where it was never made
        self._release: Callable[[], None] = lambda: None
        super().__init__(
            _esm=bootstrap(),
            **self._told(),
            layout_kind=layout,
            console=console,
            saved_key=saved_key,
        )
        self._wire = Wire(self.send)
        self._talks = self.talks(self._wire.send)
        self._unsubscribe = live.subscribe(self._show)
        self.on_msg(lambda _, content, buffers: self._receive(content, buffers))
        reach = take(self.comm, self._receive)
        self._release = reach.release
        self.reach = reach.for_page()

    def talks(self, send: Send) -> Talks:
        """Return the talks with the pages that `send` reaches."""
        return Talks(
            BundleTalk(send),
            KnockTalk(send),
            SocketTalk(self, self.model_id, send),
            ActionTalk(self._live, self._known, send),
            ConsoleTalk(self._live, self._typed, partial(self._to_view, send)),
            ScreenTalk(self._live, send),
            MetricsTalk(self._live, send),
        )

    @property
    def is_for_one_cell(self) -> bool:
        """Whether no other cell can show it: marimo takes a widget away with its cell."""
        return is_marimo(self.comm)

    def close(self) -> None:
        """Take it from the page; the VM goes on as it is."""
        self._unsubscribe()
        self._release()
        super().close()

    def _show(self) -> None:
        if getattr(self.comm, "_closed", False):  # marimo does so, and tells nobody
            self.close()
            return
        with self.hold_sync():
            for name, value in self._told().items():
                self.set_trait(name, value)

    def _told(self) -> dict[str, Any]:
        """Return what the page is told of the VM, and the notebook keeps: no more than is shown."""
        card = short_card(self._live.card())
        return {
            "card": card if self._is_card else {**card, "facts": [], "error": None},
            "history": short_rows(self._live.rows()) if self._is_card else [],
            "states": short_states(self._live.states()) if self._is_card else "",
            "snapshot": short_text(self._live.consoles.text(self._console)),
        }

    def _receive(self, content: Message, buffers: Sequence[memoryview]) -> None:
        runtime.submit(self._talks.handle(content, self._wire.bytes_of(content, buffers)))

    def _to_view(self, send: Send, message: Message, buffers: list[bytes]) -> None:
        send(message, buffers)
        if message["kind"] == "output":
            self._lull.note(_WITHIN_S)
