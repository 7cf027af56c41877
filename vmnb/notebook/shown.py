"""How a VM is shown: widget, HTML and plain text in one bundle, so that it reads everywhere."""

import logging
from typing import TYPE_CHECKING, Any, Literal

from vmnb.core.machine import Machine
from vmnb.notebook.card import vcpus_text
from vmnb.notebook.html import static_card
from vmnb.notebook.live import Live

if TYPE_CHECKING:
    from vmnb.notebook.widget import CardWidget

__all__ = ["Layout", "MimeBundle", "Shown", "plain_text"]

_log = logging.getLogger(__name__)

Layout = Literal["card", "console"]
MimeBundle = dict[str, Any] | tuple[dict[str, Any], dict[str, Any]]
"""Data by MIME type, with metadata where a front end (Colab) wants some."""


class Shown:
    """What a cell shows; however many show a VM, they share its widget where that can be.

    Parameters
    ----------
    layout
        The whole card, or the console alone.
    """

    def __init__(self, live: Live, layout: Layout) -> None:
        self._live = live
        self._layout: Layout = layout

    def bundle(self, text: str) -> MimeBundle:
        """Return every form of it, `text` being the plain one; never raises, and asks nobody."""
        live = self._live
        shown: dict[str, Any] = {
            "text/plain": text,
            "text/html": static_card(live.card(), live.rows(), live.console_text()),
        }
        try:
            data, metadata = self._mounted()._repr_mimebundle_() or ({}, {})
        except Exception:  # noqa: BLE001 - a repr never raises
            _log.exception("the card of %r is shown without its widget", live.machine.name)
            return shown
        return (data | shown, metadata) if metadata else data | shown

    def _mounted(self) -> "CardWidget":
        widgets = self._live.widgets
        mounted = widgets.get(self._layout)
        if mounted is None or mounted.is_for_one_cell:
            from vmnb.notebook.widget import CardWidget  # ipywidgets, where it is needed

            mounted = widgets[self._layout] = CardWidget(self._live, self._layout)
        return mounted


def plain_text(machine: Machine) -> str:
    """Return a line that is the same at every run: no address, no time."""
    handle = machine.handle
    facts = f"{handle.spec.image}, {vcpus_text(handle.vcpus)}, {handle.memory_mib} MiB"
    return f"<VM {handle.name!r}: {machine.last_state}, {facts}>"
