"""Ports of the host that lead into a guest, as a DataFrame."""

from collections.abc import Iterable, Mapping

import pandas as pd

from vmnb.core.network import Forward
from vmnb.notebook.tables.table import table

__all__ = [
    "FORWARD_SCHEMA",
    "forward_table",
]

FORWARD_SCHEMA: Mapping[str, str] = {
    "protocol": "object",
    "host": "object",
    "host_port": "int64",
    "guest_port": "int64",
}
"""Columns of :attr:`vmnb.VM.forwards` and their types; the same where there is none."""


def forward_table(forwards: Iterable[Forward]) -> pd.DataFrame:
    """Return `forwards` as a DataFrame with the columns of :data:`FORWARD_SCHEMA`."""
    values: list[tuple[object, ...]] = [
        (str(forward.protocol), "127.0.0.1", forward.host_port, forward.guest_port)
        for forward in forwards
    ]
    return table(values, FORWARD_SCHEMA)
