"""Every VM of this user as a DataFrame."""

from collections.abc import Mapping

import pandas as pd

from vmnb.core import runtime
from vmnb.notebook.tables.machine_rows import machine_rows
from vmnb.notebook.tables.table import table

__all__ = [
    "MACHINES_SCHEMA",
    "machines",
]

MACHINES_SCHEMA: Mapping[str, str] = {
    "name": "object",
    "state": "object",
    "backend": "object",
    "accelerator": "object",
    "image": "object",
    "vcpus": "int64",
    "memory_mib": "int64",
}
"""Columns of :func:`machines` and their types; the same where there is no VM."""


def machines() -> pd.DataFrame:
    """Return every VM of this user that is not destroyed, oldest first.

    Returns
    -------
    DataFrame
        With the columns of :data:`MACHINES_SCHEMA`. ``state`` is asked of each VM now; it is
        ``unknown`` where the VM did not answer.
    """
    return table(runtime.run(machine_rows()), MACHINES_SCHEMA)
