"""The VMs of a lab as a DataFrame."""

from collections.abc import Iterable, Mapping

import pandas as pd

from vmnb.notebook.lab.rows import LabRow
from vmnb.notebook.tables.table import table

__all__ = [
    "LAB_SCHEMA",
    "lab_table",
]

LAB_SCHEMA: Mapping[str, str] = {
    "vm": "object",
    "name": "object",
    "state": "object",
    "backend": "object",
    "address": "object",
    "forwards": "object",
    "needs": "object",
}
"""Columns of :meth:`vmnb.Lab.status` and their types."""


def lab_table(rows: Iterable[LabRow]) -> pd.DataFrame:
    """Return `rows` as a DataFrame with the columns of :data:`LAB_SCHEMA`."""
    values: list[tuple[object, ...]] = [row.texts() for row in rows]
    return table(values, LAB_SCHEMA)
