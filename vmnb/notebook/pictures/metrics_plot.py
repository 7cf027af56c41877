"""What a VM used over time, as a picture."""

from collections.abc import Callable, Sequence
from functools import partial
from html import escape
from typing import Any

from vmnb.core.metrics import Rates, Sample, with_rates
from vmnb.notebook.card.html import FONT
from vmnb.notebook.pictures.chart import CHART_HEIGHT, CHART_WIDTH, Chart, Series
from vmnb.notebook.pictures.scale import binary_top, bytes_text, round_top
from vmnb.notebook.pictures.svg import picture

__all__ = ["MetricsPlot"]

_MIB = 1 << 20
_Text = Callable[[float], str]
_Value = Callable[[Sample, Rates | None], float | None]


class MetricsPlot:
    """What was measured of a VM, as a picture of four charts; it stays as it is.

    Parameters
    ----------
    name
        The VM's.
    samples
        Oldest first.
    """

    def __init__(self, name: str, samples: Sequence[Sample]) -> None:
        self._name = name
        self._notes = samples[-1].notes if samples else ("nothing was measured yet",)
        self._charts = _charts(samples)

    @property
    def svg(self) -> str:
        """The picture."""
        said = "; ".join([f"what {self._name!r} uses", *(c.summary() for c in self._charts)])
        drawn = [
            chart.draw(number % 2 * CHART_WIDTH, number // 2 * CHART_HEIGHT)
            for number, chart in enumerate(self._charts)
        ]
        return picture(2 * CHART_WIDTH, 2 * CHART_HEIGHT, said, *drawn)

    def __repr__(self) -> str:
        return f"<metrics of {self._name!r}: CPU, memory, disk, network>"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        svg = self.svg
        notes = "".join(f"<div><small>{escape(note)}</small></div>" for note in self._notes)
        html = f'<div style="{FONT};max-width:{2 * CHART_WIDTH}px">{svg}{notes}</div>'
        return {"text/plain": repr(self), "text/html": html, "image/svg+xml": svg}


def _charts(samples: Sequence[Sample]) -> tuple[Chart, ...]:
    points = with_rates(samples)
    times_s = [sample.time.timestamp() for sample in samples]

    def series(name: str, value: _Value) -> Series:
        return Series(name=name, values=[value(*point) for point in points])

    def chart(
        name: str, text: _Text, top: Callable[[float], float], first: Series, second: Series
    ) -> Chart:
        return Chart(name=name, times_s=times_s, series=(first, second), text=text, top=top)

    return (
        chart(
            "CPU (% of a core)",
            _percent,
            partial(round_top, least=10),
            series("all", lambda _, rates: rates.cpu_percent if rates else None),
            series("virtual CPUs", lambda _, rates: rates.vcpus_percent if rates else None),
        ),
        chart(
            "Memory",
            bytes_text,
            partial(binary_top, least=_MIB),
            series("on the host", lambda sample, _: sample.memory_mib * _MIB),
            series("in the guest", lambda sample, _: _bytes(sample.guest_memory_mib)),
        ),
        chart(
            "Disk",
            _rate,
            partial(binary_top, least=1024),
            series("read", _per_s("disk_read_bytes")),
            series("written", _per_s("disk_written_bytes")),
        ),
        chart(
            "Network",
            _rate,
            partial(binary_top, least=1024),
            series("received", _per_s("network_received_bytes")),
            series("sent", _per_s("network_sent_bytes")),
        ),
    )


def _per_s(name: str) -> _Value:
    return lambda _, rates: rates.per_s[name] if rates else None


def _bytes(mib: float | None) -> float | None:
    return None if mib is None else mib * _MIB


def _percent(value: float) -> str:
    return f"{value:.0f} %"


def _rate(value: float) -> str:
    return f"{bytes_text(value)}/s"
