"""How a VM is shown: widget, HTML and plain text in one bundle, so that it reads everywhere."""

import logging
from typing import TYPE_CHECKING, Any, Literal

from vmnb.core.machine import Machine
from vmnb.notebook.card.card import size_text
from vmnb.notebook.card.html import static_card
from vmnb.notebook.card.saved import Output, Saved, pages
from vmnb.notebook.live.live import Live

if TYPE_CHECKING:
    from vmnb.notebook.widget.widget import CardWidget

__all__ = ["Layout", "Shown", "plain_text"]

_log = logging.getLogger(__name__)

Layout = Literal["card", "console"]


class Shown:
    """What a cell shows; however many show a VM, they share its widget where that can be.

    Parameters
    ----------
    layout
        The whole card, or one console alone.
    console
        The number of that console.
    """

    def __init__(self, live: Live, layout: Layout, console: int = 0) -> None:
        self._live = live
        self._layout: Layout = layout
        self._console = console

    def display(self, plain: str) -> None:
        """Show the widget in the cell that runs, and next to it what the notebook keeps of it.

        Raises
        ------
        NotImplementedError
            No kernel runs here; :meth:`bundle` has every form.
        """
        # The empty HTML keeps the plain text, which is as old as the cell, from sites that have
        # the HTML of the other output.
        data, metadata = self._widget()
        pages().publish(data | {"text/plain": plain, "text/html": ""}, metadata)
        self._saved.show()

    def bundle(self) -> dict[str, Any]:
        """Return every form of it; never raises, and asks nobody."""
        live = self._live
        html = static_card(live.card(), live.rows(), live.consoles.text(self._console))
        data, _ = self._widget()
        return data | {"text/plain": plain_text(live.machine), "text/html": html}

    def _widget(self) -> Output:
        try:
            return self._mounted()._repr_mimebundle_() or ({}, {})
        except Exception:  # noqa: BLE001 - a repr never raises
            _log.exception("%r is shown without its widget", self._live.machine.name)
            return {}, {}

    def _mounted(self) -> "CardWidget":
        widgets = self._live.widgets
        shown = (self._layout, self._console)
        mounted = widgets.get(shown)
        if mounted is None or mounted.is_for_one_cell:
            from vmnb.notebook.widget.widget import CardWidget  # ipywidgets, where it is needed

            mounted = widgets[shown] = CardWidget(self._live, *shown, self._saved.key)
        return mounted

    @property
    def _saved(self) -> Saved:
        if self._live.saved is None:
            self._live.saved = Saved(self._live)
        return self._live.saved


def plain_text(machine: Machine) -> str:
    """Return a line that is the same at every run: no address, no time."""
    handle = machine.handle
    facts = f"{handle.spec.image}, {size_text(handle.vcpus, handle.memory_mib)}"
    return f"<VM {handle.name!r}: {machine.last_state}, {facts}>"
