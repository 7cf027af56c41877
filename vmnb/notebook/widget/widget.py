"""The widget of one VM: its card, or one of its consoles alone."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import traitlets

from vmnb.notebook.card.bounds import short_card, short_rows, short_states, short_text
from vmnb.notebook.live.live import Live
from vmnb.notebook.widget.action_talk import ActionTalk, Known
from vmnb.notebook.widget.console_talk import ConsoleTalk
from vmnb.notebook.widget.lull import Lull
from vmnb.notebook.widget.metrics_talk import MetricsTalk
from vmnb.notebook.widget.page_widget import PageWidget
from vmnb.notebook.widget.screen_talk import ScreenTalk
from vmnb.notebook.widget.talk import Message, Send, Talk
from vmnb.notebook.widget.typed import Typed

__all__ = ["CardWidget"]

_QUIET_S, _APART_S, _WITHIN_S = 1.0, 2.0, 10.0
"""When the text for saved notebooks is renewed: not between two keys, if that can wait."""


class CardWidget(PageWidget):
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
    saved_key = traitlets.Unicode().tag(sync=True)

    console = traitlets.Int(0).tag(sync=True)

    def __init__(self, live: Live, layout: str, console: int, saved_key: str) -> None:
        self._live = live
        self._console = console
        self._known, self._typed = Known(), Typed()  # shared by all ways to a page
        self._is_card = layout == "card"
        self._lull = Lull(self._show, quiet_s=_QUIET_S, apart_s=_APART_S)
        super().__init__(live.subscribe, layout_kind=layout, console=console, saved_key=saved_key)

    def subjects(self, send: Send) -> Sequence[Talk]:
        """Return the talks of the card's tabs and buttons."""
        return (
            ActionTalk(self._live, self._known, send),
            ConsoleTalk(self._live, self._typed, partial(self._to_view, send)),
            ScreenTalk(self._live, send),
            MetricsTalk(self._live, send),
        )

    def told(self) -> dict[str, Any]:
        """Return what the page is told of the VM, and the notebook keeps: no more than is shown."""
        card = short_card(self._live.card())
        return {
            "card": card if self._is_card else {**card, "facts": [], "error": None},
            "history": short_rows(self._live.rows()) if self._is_card else [],
            "states": short_states(self._live.states()) if self._is_card else "",
            "snapshot": short_text(self._live.consoles.text(self._console)),
        }

    def _to_view(self, send: Send, message: Message, buffers: list[bytes]) -> None:
        send(message, buffers)
        if message["kind"] == "output":
            self._lull.note(_WITHIN_S)
