"""The widget of a fleet: a table that follows its VMs, with buttons for all of them."""

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import traitlets

from vmnb.notebook.fleet.live import FleetLive
from vmnb.notebook.live.live import Live
from vmnb.notebook.widget.action_talk import ActionTalk, Known
from vmnb.notebook.widget.page_widget import PageWidget
from vmnb.notebook.widget.talk import Send, Talk

__all__ = ["FleetWidget"]


class FleetWidget(PageWidget):
    """A fleet in the page; get it by :meth:`of`.

    Parameters
    ----------
    live
        What it shows.
    """

    esm = "fleet-bootstrap"

    fleet = traitlets.Any().tag(sync=True)

    _shown: ClassVar["dict[tuple[Live, ...], FleetWidget]"] = {}
    """As ipywidgets has them anyway: however often the same VMs are shown, there is one."""

    def __init__(self, live: FleetLive) -> None:
        self._live = live
        self._known = Known()  # shared by all ways to a page
        super().__init__(live.subscribe, layout_kind="fleet")

    @classmethod
    def of(cls, lives: tuple[Live, ...]) -> Self:
        """Return the one that shows these VMs, in that order."""
        shown = cls._shown.get(lives)
        if shown is None or shown.is_for_one_cell:
            shown = cls._shown[lives] = cls(FleetLive(lives))
        return shown

    def told(self) -> dict[str, Any]:
        """Return the fleet as the page is told of it."""
        return {"fleet": self._live.state()}

    def subjects(self, send: Send) -> Sequence[Talk]:
        """Return the talk of the buttons."""
        return (ActionTalk(self._live, self._known, send),)
