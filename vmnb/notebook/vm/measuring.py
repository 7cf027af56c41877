"""What a VM uses: the part of a VM that measures, and shows it as a table and as a picture."""

from contextlib import suppress
from typing import TYPE_CHECKING

from vmnb.core.errors import StateError
from vmnb.core.metrics import Sample
from vmnb.notebook.live.live import Live
from vmnb.notebook.pictures.metrics_plot import MetricsPlot
from vmnb.notebook.vm.facade import AsyncFacade, Facade

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AsyncMeasured", "Measured"]

_CELL = "a cell"
_CELL_S = 30.0
"""Seconds for which a cell's question lets sampling go on: who asks once may ask again."""


class Measured(Facade):
    """What a VM tells of its use of the host."""

    @property
    def metrics(self) -> "pd.DataFrame":
        """CPU, memory, disk and network over time; the last row is measured now.

        A VM is measured once a second while its tab Metrics is shown, and for 30 s after each look
        at this; up to ten minutes are kept. Of a VM that does not run, it is what was measured
        before. See :data:`vmnb.notebook.tables.metrics.METRICS_SCHEMA`.

        Raises
        ------
        CapabilityError
            The VM's backend measures nothing.
        """
        # pandas is imported where it is needed
        from vmnb.notebook.tables.metrics import metrics_table

        return metrics_table(self._wait("metrics", look(self._live)))

    def plot_metrics(self) -> MetricsPlot:
        """Return a picture of :attr:`metrics`; alone in a cell, it is shown.

        Raises
        ------
        CapabilityError
            The VM's backend measures nothing.
        """
        return MetricsPlot(self.name, self._wait("plot_metrics", look(self._live)))


class AsyncMeasured(AsyncFacade):
    """The awaitable twin of :class:`Measured`."""

    async def metrics(self) -> list[Sample]:
        """Return what :attr:`vmnb.VM.metrics` shows, as plain values."""
        return await self._wait(look(self._live))

    async def plot_metrics(self) -> MetricsPlot:
        """See :meth:`vmnb.VM.plot_metrics`."""
        return MetricsPlot(self._live.machine.name, await self.metrics())


async def look(live: Live) -> list[Sample]:
    """Return what is known of a VM's use, with a sample taken now if it runs."""
    sampler = live.sampler
    with suppress(StateError):
        before = sampler.last
        sample = await sampler.fresh()
        if before is None or before.run != sample.run:
            await sampler.fresh()  # rates need a second one of the same run
        sampler.watch(_CELL, _CELL_S)
    return sampler.since(0)[1]
