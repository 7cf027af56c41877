"""What a command left in the VMs of a fleet, as a DataFrame."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

from vmnb.notebook.fleet.group import Ran
from vmnb.notebook.tables.table import table

__all__ = ["FLEET_RUN_SCHEMA", "by_name", "run_table"]

FLEET_RUN_SCHEMA: Mapping[str, str] = {
    "ok": "bool",
    "exit_code": "Int64",
    "signal": "Int64",
    "stdout": "object",
    "stderr": "object",
    "duration_s": "float64",
    "via": "object",
    "error": "object",
}
"""Columns of :meth:`vmnb.Fleet.run` and their types; the index, ``name``, has the VM's name.

They are as those of a :class:`~vmnb.guest.result.RunResult`, and ``error`` is the text of what
kept the command from running or ending; empty where nothing did. Where it did not run at all,
``exit_code``, ``signal`` and ``duration_s`` are missing, and the texts are empty.
"""


def run_table(rows: Iterable[Ran]) -> pd.DataFrame:
    """Return `rows` as a DataFrame with the columns of :data:`FLEET_RUN_SCHEMA`."""
    ran = list(rows)
    values = table([_values(row) for row in ran], FLEET_RUN_SCHEMA)
    return values.set_index(_names(row.name for row in ran))


def by_name(values: Mapping[str, Any]) -> "pd.Series[Any]":
    """Return `values` as a Series by the names of their VMs."""
    return pd.Series(list(values.values()), index=_names(values))


def _names(names: Iterable[str]) -> pd.Index:
    return pd.Index(list(names), name="name", dtype="object")


def _values(row: Ran) -> tuple[object, ...]:
    result, error = row.result, "" if row.error is None else str(row.error)
    if result is None:
        return (False, pd.NA, pd.NA, "", "", float("nan"), "", error)
    return (
        result.ok,
        pd.NA if result.exit_code is None else result.exit_code,
        pd.NA if result.signal is None else result.signal,
        result.stdout,
        result.stderr,
        result.duration_s,
        result.via,
        error,
    )
