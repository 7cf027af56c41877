"""A private network in the page, drawn anew at each change."""

from collections.abc import Callable

import ipywidgets

from vmnb.notebook.network.drawing import drawn
from vmnb.notebook.network.lan import Lan

__all__ = ["NetworkWidget"]


class NetworkWidget(ipywidgets.HTML):  # type: ignore[misc]
    """The drawing of a network.

    Parameters
    ----------
    lan
        What it shows.
    """

    def __init__(self, lan: Lan) -> None:
        self._lan = lan
        self._unsubscribe: Callable[[], None] = lambda: None  # closed too where it was never made
        super().__init__(value=drawn(lan.topology()))
        self._unsubscribe = lan.subscribe(self._show)

    def close(self) -> None:
        """Take it from the page; the network goes on as it is."""
        self._unsubscribe()
        super().close()

    def _show(self) -> None:
        self.value = drawn(self._lan.topology())
