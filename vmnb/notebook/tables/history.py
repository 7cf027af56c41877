"""The history of a VM as a DataFrame."""

from collections.abc import Iterable, Mapping

import pandas as pd

from vmnb.core.history import HistoryRow
from vmnb.notebook.tables.table import table

__all__ = [
    "HISTORY_SCHEMA",
    "history_table",
]

HISTORY_SCHEMA: Mapping[str, str] = {
    "time": "datetime64[us, UTC]",
    "from": "object",
    "to": "object",
    "action": "object",
    "duration_s": "float64",
    "cause": "object",
    "detail": "object",
}
"""Columns of a history and their types; the same where it is empty."""


def history_table(rows: Iterable[HistoryRow]) -> pd.DataFrame:
    """Return `rows` as a DataFrame with the columns of :data:`HISTORY_SCHEMA`."""
    values: list[tuple[object, ...]] = [
        (
            row.time,
            str(row.from_state) if row.from_state else "",
            str(row.to_state),
            str(row.action),
            row.duration_s,
            str(row.cause),
            row.detail,
        )
        for row in rows
    ]
    return table(values, HISTORY_SCHEMA)
