"""What a VM used over time, as a DataFrame."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple

import pandas as pd

from vmnb.core.metrics import Rates, Sample, with_rates
from vmnb.notebook.tables.table import table

__all__ = ["METRICS_SCHEMA", "metrics_table"]

_RATES = (
    "disk_read_bytes",
    "disk_written_bytes",
    "network_received_bytes",
    "network_sent_bytes",
)

METRICS_SCHEMA: Mapping[str, str] = {
    "time": "datetime64[us, UTC]",
    "cpu_percent": "float64",
    "vcpu_percent": "float64",
    "memory_mib": "float64",
    "memory_pss_mib": "float64",
    "guest_memory_mib": "float64",
    "disk_read_bytes": "float64",
    "disk_written_bytes": "float64",
    "disk_reads": "float64",
    "disk_writes": "float64",
    "network_received_bytes": "float64",
    "network_sent_bytes": "float64",
    **{f"{name}_per_s": "float64" for name in _RATES},
}
"""Columns of :attr:`vmnb.VM.metrics` and their types; the same where there is no row.

``cpu_percent`` is the share of one core of the host that the VM used since the row before,
``vcpu_percent`` what its virtual CPUs used of that. ``memory_mib`` is memory of the host that it
holds, ``memory_pss_mib`` the same with each shared page counted as a share, ``guest_memory_mib``
what the guest itself says is in use. Bytes and operations are counted from the VM's start;
``…_per_s`` is the mean since the row before. What is not known is NaN; the table's
``attrs["notes"]`` say why.
"""


def metrics_table(samples: Sequence[Sample]) -> pd.DataFrame:
    """Return `samples` as a DataFrame with the columns of :data:`METRICS_SCHEMA`."""
    values = [_row(sample, rates) for sample, rates in with_rates(samples)]
    shown = table(values, METRICS_SCHEMA)
    shown.attrs["notes"] = list(samples[-1].notes) if samples else []
    return shown


def _row(sample: Sample, rates: Rates | None) -> tuple[object, ...]:
    return (
        sample.time,
        rates.cpu_percent if rates else None,
        rates.vcpus_percent if rates else None,
        sample.memory_mib,
        sample.memory_pss_mib,
        sample.guest_memory_mib,
        *astuple(sample.traffic),
        *(rates.per_s[name] if rates else None for name in _RATES),
    )
