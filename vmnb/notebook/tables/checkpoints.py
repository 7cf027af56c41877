"""The checkpoints of a VM as a DataFrame."""

from collections.abc import Iterable, Mapping

import pandas as pd

from vmnb.core.checkpoint import Checkpoint
from vmnb.notebook.tables.table import table

__all__ = ["CHECKPOINT_SCHEMA", "checkpoint_table"]

CHECKPOINT_SCHEMA: Mapping[str, str] = {
    "name": "object",
    "time": "datetime64[us, UTC]",
    "size_mib": "float64",
    "parent": "object",
    "current": "bool",
    "console": "object",
}
"""Columns of the checkpoints and their types; the same where there are none."""


def checkpoint_table(checkpoints: Iterable[Checkpoint]) -> pd.DataFrame:
    """Return `checkpoints` as a DataFrame with the columns of :data:`CHECKPOINT_SCHEMA`."""
    values: list[tuple[object, ...]] = [
        (
            each.name,
            each.time,
            each.size_bytes / 2**20,
            each.parent or "",
            each.is_current,
            each.thumbnail,
        )
        for each in checkpoints
    ]
    return table(values, CHECKPOINT_SCHEMA)
