"""How a VM is shown: widget, HTML and plain text in one bundle, so that it reads everywhere."""

import logging
from typing import TYPE_CHECKING, Any, Literal

from vmnb.core.machine import Machine
from vmnb.notebook.card import vcpus_text
from vmnb.notebook.html import static_card
from vmnb.notebook.live import Live

if TYPE_CHECKING:
    from vmnb.notebook.widget import CardWidget

__all__ = ["Layout", "Shown", "plain_text"]

_log = logging.getLogger(__name__)

Layout = Literal["card", "console"]


class Shown:
    """What a cell shows; however many show a VM, they share its widget.

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

    def bundle(self) -> dict[str, Any]:
        """Return every form of it; never raises, and asks nobody."""
        live = self._live
        shown: dict[str, Any] = {
            "text/plain": plain_text(live.machine),
            "text/html": static_card(live.card(), live.rows(), live.consoles.text(self._console)),
        }
        try:
            mounted = self._mounted()._repr_mimebundle_()
        except Exception:  # noqa: BLE001 - a repr never raises
            _log.exception("the card of %r is shown without its widget", live.machine.name)
            return shown
        return (mounted[0] if mounted else {}) | shown

    def _mounted(self) -> "CardWidget":
        widgets = self._live.widgets
        shown = (self._layout, self._console)
        if shown not in widgets:
            from vmnb.notebook.widget import CardWidget  # ipywidgets, where it is needed

            widgets[shown] = CardWidget(self._live, *shown)
        return widgets[shown]


def plain_text(machine: Machine) -> str:
    """Return a line that is the same at every run: no address, no time."""
    handle = machine.handle
    facts = f"{handle.spec.image}, {vcpus_text(handle.vcpus)}, {handle.memory_mib} MiB"
    return f"<VM {handle.name!r}: {machine.last_state}, {facts}>"
